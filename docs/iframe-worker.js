// The search runs in a worker, and a page that was opened from a file may not start one: a hidden frame does its work.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inside = frame.contentWindow;
      this.loaded = new Promise((resolve) => {
        addEventListener("message", ({ source, data }) => {
          if (source !== this.inside) return;
          if (data === "loaded") resolve();
          else this.dispatchEvent(new MessageEvent("message", { data }));
        });
      });
      this.inside.document.write(
        `<script>window.postMessage = (data) => parent.postMessage(data, "*")</script>` +
          `<script src="${url}"></script><script>postMessage("loaded")</script>`,
      );
      this.inside.document.close();
    }

    postMessage(data) {
      this.loaded.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }
  };
}
