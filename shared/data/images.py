"""Pictures from files and bytes: decoded safely, turned upright, and read from one folder a class."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from shared.console import track, warn_once
from shared.data.problems import Problems, named
from shared.data.splits import parts_among
from shared.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # Pillow knows more, one of which starts programs
MAX_PIXELS = 50_000_000
UNREADABLE = "unreadable pictures"
"""What `Problems` call them."""


class UnreadableImageError(Exception):
    """The bytes are no picture that can be used; the message says why in a few words."""


@contextmanager
def open_image(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open a picture for decoding in the `with` block, where every failure becomes an `UnreadableImageError`.

    The size is checked before anything is decoded: a file of 17 KB can claim 400 MB of pixels.

    Raises:
        UnreadableImageError: not a picture, damaged, cut short, or larger than `max_pixels`.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise UnreadableImageError(f"more than the {max_pixels:,} pixels allowed")
            yield image
    except UnreadableImageError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(f"more than the {max_pixels:,} pixels allowed") from error
    except FileNotFoundError as error:
        raise UnreadableImageError("no such file") from error
    # Pillow's decoders raise errors of many kinds on damaged files, each of which means the same here.
    except Exception as error:
        raise UnreadableImageError("not a picture, or a damaged one") from error


def read_image(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture, upright after its EXIF orientation, in mode L (gray) or RGB; transparency becomes white.

    Raises:
        UnreadableImageError: as `open_image` does.
    """
    with open_image(source, max_pixels) as image:
        return _gray_or_rgb(ImageOps.exif_transpose(image))


def _gray_or_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        values = np.asarray(image, dtype=np.float32)
        return Image.fromarray((values / max(float(values.max()), 1.0) * 255).clip(0, 255).astype(np.uint8))
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return image.convert("RGB")


def list_images(folder: Path) -> list[Path]:
    """The picture files below a folder, by their suffix, sorted; hidden files and folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def collect_images(inputs: Sequence[Path]) -> list[Path]:
    """The picture files that a user named: files as they are, and what lies in folders.

    Raises:
        UserError: a path leads nowhere, or a folder holds no picture.
    """
    files: list[Path] = []
    for path in inputs:
        if not path.exists():
            raise UserError(f"there is no file or folder {path}; correct the path.")
        found = list_images(path) if path.is_dir() else [path]
        if not found:
            raise UserError(f"the folder {path} holds no pictures; name picture files or a folder of them.")
        files.extend(found)
    return files


@dataclass(frozen=True)
class LabelledFiles:
    """Picture files with their class ids, in the order of `classes`."""

    files: list[Path]
    labels: list[int]
    classes: list[str]


def class_folders(root: Path) -> list[Path]:
    """The folders in `root` that can stand for classes, sorted by name."""
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def has_class_pictures(root: Path) -> bool:
    """Whether some folder in `root` holds pictures."""
    return any(list_images(folder) for folder in class_folders(root))


def part_folders(root: Path) -> dict[str, Path]:
    """The folders of class folders by part: `train`, perhaps `validation` and `test`; without them `root` as `train`.

    A folder `train` that holds no further folders is a class like others.

    Raises:
        UserError: two folders are of one part.
    """
    folders = class_folders(root)
    parts, others = parts_among(folders)
    if "train" not in parts or not class_folders(parts["train"]):
        return {"train": root}
    if others:
        warn_once(f"not read: {named([str(folder) for folder in others])}; the parts are train, validation and test.")
    return parts


def find_labelled(root: Path, classes: Sequence[str] | None = None) -> LabelledFiles:
    """Find `root/<class>/**/picture.png`; pictures beside the class folders are passed over, and it is said.

    Args:
        classes: the classes that must be found, in this order; without it, the folders' names, sorted.

    Raises:
        UserError: no folder, fewer than two classes, a class without pictures, or a class not in `classes`.
    """
    found = {folder.name: list_images(folder) for folder in class_folders(root)}
    if not found:
        raise UserError(f"{root} holds no class folders; put pictures into {root}/<class>/, one folder a class.")
    stray = [path.name for path in sorted(root.iterdir()) if path.suffix.lower() in SUFFIXES and path.is_file()]
    if stray:
        warn_once(
            f"not read: {len(stray)} pictures of no class in {root} ({named(stray)}); move them into class folders."
        )
    if classes is None and len(found) < 2:
        inner = class_folders(root)[0]
        nested = len(class_folders(inner)) > 1
        hint = f"did you mean {inner}, which holds several?" if nested else "a classifier needs at least two folders."
        raise UserError(f"{root} holds one class only ({inner.name}); {hint}")
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise UserError(
            f"{root} has class folders without pictures ({', '.join(SUFFIXES)}): {named(empty)}; "
            "add some or remove the folders."
        )
    names = list(classes) if classes is not None else sorted(found)
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise UserError(
            f"{root} has classes that the training part does not have: {named(unknown)}; rename or remove them."
        )
    pairs = [(file, names.index(name)) for name in sorted(found) for file in found[name]]
    return LabelledFiles([file for file, _ in pairs], [label for _, label in pairs], names)


def read_all(
    labelled: LabelledFiles, prepare: Callable[[Image.Image], np.ndarray], problems: Problems
) -> tuple[np.ndarray, np.ndarray, list[Path]]:
    """Read and prepare every picture; those that cannot be read are left out, and said, and added to `problems`.

    Returns:
        The stacked arrays that `prepare` gave, their labels (int64), and their files.

    Raises:
        UserError: no picture of some class could be read.
    """
    arrays, labels, files, unreadable = [], [], [], Problems()
    for file, label in zip(track(labelled.files, "read pictures"), labelled.labels, strict=True):
        try:
            arrays.append(prepare(read_image(file)))
        except UnreadableImageError as error:
            unreadable.add(UNREADABLE, f"{file} ({error})")
            continue
        labels.append(label)
        files.append(file)
    if unreadable:
        problems.update(unreadable)
        warn_once(f"left out of {len(labelled.files)} pictures: {unreadable}")
    lost = [labelled.classes[label] for label in sorted(set(labelled.labels) - set(labels))]
    if lost:
        raise UserError(f"no picture can be read of {named(lost)}; replace the files of each of these classes.")
    return np.stack(arrays), np.array(labels, dtype=np.int64), files
