"""Build the static site dist/web from every project that has a page and an exported network: make web."""

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from shared.console import log  # noqa: E402 - needs the path above
from shared.errors import UserError  # noqa: E402
from shared.serving.npm import fetch_packages  # noqa: E402
from shared.serving.pages import ON_DEVICE  # noqa: E402
from shared.serving.web import Part, build_site  # noqa: E402


def find_parts(projects: Path) -> list[Part]:
    """The projects that can be shown; one that has not been exported is named.

    Raises:
        UserError: none has been exported.
    """
    parts = []
    for page in sorted(projects.glob(f"*/src/page/{ON_DEVICE}")):
        project = page.parents[2]
        network = project / "outputs" / "export" / f"{project.name}.onnx"
        if network.is_file():
            parts.append(Part(project.name, page.parent, network))
        else:
            log.warning(f"{project.name} is left out: it has no {network.relative_to(projects.parent)}; run it first.")
    if not parts:
        raise UserError("no project has been exported yet; run one first: `make run-x`, x being its name.")
    return parts


def main() -> int:
    """Build the site; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--output",
        type=Path,
        default=REPOSITORY / "dist" / "web",
        help="a folder for the site alone, which is replaced",
    )
    arguments = parser.parse_args()
    try:
        parts = find_parts(REPOSITORY / "projects")
        build_site(arguments.output, parts, fetch_packages())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: cannot write {arguments.output} ({error.strerror}); choose another --output.", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in arguments.output.rglob("*") if path.is_file())
    log.info(f"web: {arguments.output}, {size / 1e6:.1f} MB with {', '.join(part.name for part in parts)}")
    log.info(
        f"look at it: {Path(sys.executable).name} -m http.server 8080 --bind 127.0.0.1 --directory {arguments.output}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
