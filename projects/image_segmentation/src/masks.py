"""Images with a class for each pixel: pairs of files are found, decoded, checked, and turned into class ids.

Masks come in three encodings. `binary`: the values 0 and 255. `ids`: the value of a pixel is its class. `palette`: the
color of a pixel stands for its class. In memory a mask is always uint8 class ids, with `IGNORE` for pixels without one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageColor, ImageOps

from shared.console import log, track
from shared.data.examples import Examples
from shared.data.folders import SPLIT_NAMES, class_folders, list_files, splits_among
from shared.data.images import UnreadableImageError, open_image, read_image
from shared.data.problems import Problems, named
from shared.errors import UserError

IGNORE = 255
"""The id of pixels that the loss and the scores leave out."""
MAX_CLASSES = 64


class Pair(NamedTuple):
    """An image file and its mask file."""

    name: str
    """The path below the folder of images, without the suffix."""
    image: Path
    mask: Path

    @property
    def is_lossy(self) -> bool:
        """Whether the compression of the mask's file changes values."""
        return self.mask.suffix.lower() in (".jpg", ".jfif", ".jpeg", ".webp")


Decoded = tuple[Pair, np.ndarray, np.ndarray]
"""A pair, its image, uint8 [H, W, 3], and its mask, [H, W], whose values are not class ids yet (see `read_mask`)."""


@dataclass(frozen=True)
class MaskFormat:
    """How class ids are written in mask files."""

    encoding: Literal["binary", "ids", "palette"]
    classes: list[str]
    ids: dict[int, int]
    """The class id, or `IGNORE`, of each value (see `read_mask`)."""

    def decode(self, mask: np.ndarray, lossy: bool = False) -> tuple[np.ndarray, list[str]]:
        """The class ids of a mask, uint8 [H, W], and the values in it that stand for no class.

        Args:
            lossy: the file's compression blurs values; each value becomes the nearest known one.
        """
        found = np.unique(mask)  # [K]
        meant = nearest(found, np.array(list(self.ids))) if lossy else found
        table = np.array([self.ids.get(value, IGNORE) for value in meant.tolist()], np.uint8)  # [K]
        unknown = [value for value in meant.tolist() if value not in self.ids]
        shown = [f"#{value:06x}" if self.encoding == "palette" else str(value) for value in unknown]
        return table[np.searchsorted(found, mask)], shown  # [H, W]


def nearest(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The known value that is nearest to each found one, as colors 0xRRGGBB; a gray level is a shade of blue then."""
    a, b = (np.stack([values >> 16, values >> 8 & 255, values & 255], 1).astype(int) for values in (found, known))
    closest: np.ndarray = known[((a[:, None] - b[None]) ** 2).sum(2).argmin(1)]  # [found, known, 3] -> [found]
    return closest


def find_pairs(images: Path, masks: Path, problems: Problems) -> list[Pair]:
    """Match the files of two folders by their names without suffix; a file without a partner goes into `problems`."""
    by_name: list[dict[str, Path]] = []
    for folder in (images, masks):
        files: dict[str, Path] = {}
        for path in list_files(folder):
            name = path.relative_to(folder).with_suffix("").as_posix()
            if name in files:
                problems.add("files of one name with several suffixes", f"{folder.name}/{path.name}")
            files.setdefault(name, path)
        by_name.append(files)
    found, wanted = by_name
    for name in sorted(found.keys() - wanted.keys()):
        problems.add("images without a mask", f"{images.name}/{found[name].relative_to(images)}")
    for name in sorted(wanted.keys() - found.keys()):
        problems.add("masks without an image", f"{masks.name}/{wanted[name].relative_to(masks)}")
    return [Pair(name, found[name], wanted[name]) for name in sorted(found.keys() & wanted.keys())]


def read_pairs(pairs: Sequence[Pair], max_side: int, problems: Problems, colors: bool = False) -> list[Decoded]:
    """Decode images and masks; those whose longer side has more than `max_side` pixels are scaled down.

    A pair that cannot be read, or whose sizes differ, goes into `problems` and is left out.

    Args:
        colors: colors stand for classes (see `read_mask`).
    """
    decoded: list[Decoded] = []
    seen: dict[int, tuple[int, ...]] = {}  # the color of each value, where masks have a palette
    odd = []
    for pair in track(pairs, "read images"):
        kind, file = "unreadable images", pair.image
        try:
            image = np.array(read_image(file).convert("RGB"))  # [H, W, 3]
            kind, file = "unreadable masks", pair.mask
            mask, palette = read_mask(file, colors)
        except UnreadableImageError as error:
            problems.add(kind, f"{file.name}: {error}")
            continue
        if image.shape[:2] != mask.shape:
            (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
            sizes = f"{width}x{height}, its mask {mask_width}x{mask_height}"
            problems.add("images whose mask has another size", f"{pair.image.name}: {sizes}")
            continue
        values = np.unique(mask).tolist() if palette else []
        used = {value: tuple(palette[3 * value : 3 * value + 3]) for value in values}
        if any(seen.setdefault(value, color) != color for value, color in used.items()):
            odd.append(pair.mask.name)
        image = scaled_down(image, max_side, Image.Resampling.LANCZOS)
        # Nearest: the mean of two class ids is the id of a third class.
        decoded.append((pair, image, scaled_down(mask, max_side, Image.Resampling.NEAREST)))
    if odd:  # programs that reduce colors choose a palette for each file, so a value means another class in each
        log.warning(
            f"{len(odd)} masks have a palette that gives a value another color than masks before: {named(odd)}; "
            "if colors stand for classes, name them with data.classes and data.palette."
        )
    return decoded


def read_mask(path: Path, colors: bool = False) -> tuple[np.ndarray, list[int]]:
    """Decode a mask, turned by its EXIF orientation as images are.

    Args:
        colors: colors stand for classes, also in a PNG with a palette; else the stored values do.

    Returns:
        Integers [H, W]: values, or colors as 0xRRGGBB; and the palette that the file shows its values in, if any.

    Raises:
        UnreadableImageError: no image, damaged, or too large.
        UserError: the file has colors where values are expected.
    """
    with open_image(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode == "P" and not colors:
            return np.asarray(image), image.getpalette() or []
        if image.mode in ("1", "L", "LA"):  # black and white becomes 0 and 255; transparency says nothing
            values = np.asarray(image.convert("LA").getchannel("L"))
        elif image.mode in ("I", "I;16", "I;16B", "I;16L"):
            values = np.asarray(image).astype(np.int32)
        else:
            rgb = np.asarray(image.convert("RGB"))  # [H, W, 3]
            if colors:
                return rgb.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32), []
            values = np.ascontiguousarray(rgb[:, :, 0])
            if (rgb != values[:, :, None]).any():
                values = np.empty(0)
    if not values.size:
        raise UserError(
            f"{path} has colors; say which stands for which class with data.classes and data.palette "
            "(a list of colors, in the same order)."
        )
    # As colors, gray levels have three equal bytes; levels above 255 become 256, which is no color at all.
    return (np.minimum(values.astype(np.int32), 256) * 0x010101 if colors else values), []


def scaled_down(array: np.ndarray, max_side: int, method: Image.Resampling) -> np.ndarray:
    """The array [H, W, ...], with its longer side at most `max_side`."""
    height, width = array.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return array
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(array).resize(size, method))


def detect_format(decoded: Iterable[Decoded], classes: Sequence[str], ignore: int | None) -> MaskFormat:
    """Tell masks of 0 and 255 from masks of class ids, by the values in all masks.

    Args:
        classes: the names of the classes; empty: the number of each class is its name.
        ignore: the value of pixels to ignore; None: 255, as is usual among class ids.

    Raises:
        UserError: the values are neither.
    """
    values: set[int] = set()
    for pair, _, mask in decoded:
        values |= {0, 255} if pair.is_lossy else set(np.unique(mask).tolist())
    values.discard(-1 if ignore is None else ignore)
    ignored = {} if ignore is None else {ignore: IGNORE}
    if values <= {0, 255} and 255 in values and len(classes) in (0, 2):
        return MaskFormat("binary", list(classes) or ["background", "foreground"], {0: 0, 255: 1} | ignored)
    ignored = ignored or {IGNORE: IGNORE}
    largest = max(values - ignored.keys(), default=0)
    if not classes and not 1 <= largest < MAX_CLASSES:
        raise UserError(
            f"the masks hold the values {named([str(value) for value in sorted(values - ignored.keys())])}, neither 0 "
            f"and 255 nor class ids below {MAX_CLASSES}; name the classes with data.classes, and the value to ignore "
            "with data.ignore."
        )
    names = list(classes) or [f"class {value}" for value in range(largest + 1)]
    return MaskFormat("ids", names, {value: value for value in range(len(names))} | ignored)


def palette_format(classes: list[str], palette: Sequence[str], ignore: str) -> MaskFormat:
    """Masks whose colors stand for classes.

    Args:
        palette: the color of each class, as `#rrggbb` or by name.
        ignore: the color of pixels to ignore; empty: there is none.

    Raises:
        UserError: a text is no color; the message names the setting.
    """
    ids = {}
    colors = [("data.palette", color, index) for index, color in enumerate(palette)]
    for key, text, index in [*colors, *[("data.ignore", ignore, IGNORE)] * bool(ignore)]:
        try:
            red, green, blue = ImageColor.getrgb(text)[:3]
        except ValueError as error:
            raise UserError(f"{key} has {text!r}, which is no color; write it as '#ff8800'.") from error
        ids[red << 16 | green << 8 | blue] = index
    return MaskFormat("palette", classes, ids)


def decode_masks(decoded: Iterable[Decoded], form: MaskFormat, problems: Problems) -> Examples:
    """Images and class ids; a mask with unknown values goes into `problems` and is left out."""
    names, images, masks = [], [], []
    for pair, image, mask in decoded:
        if pair.is_lossy and form.encoding == "ids":
            problems.add("masks of class ids whose compression blurs them, save them as PNG", pair.mask.name)
            continue
        ids, unknown = form.decode(mask, pair.is_lossy)
        if unknown:
            problems.add("masks with values that stand for no class", f"{pair.mask.name}: {named(unknown)}")
            continue
        names.append(pair.name)
        images.append(image)
        masks.append(ids)
    return Examples({"images": images, "masks": masks}, names)


def mask_folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """The folders of images and of masks below `root`, by split; without splits they are `train`.

    Layouts: `images` and `masks`; both below `train`, `validation` and `test` (or other names in `SPLIT_NAMES`); or
    `train` beside `trainannot` and so on, as in CamVid.

    Raises:
        UserError: two folders are of one split.
    """
    if (root / "images").is_dir():
        return {"train": (root / "images", root / "masks")}
    found = {}
    for folder in class_folders(root):
        layouts = [(folder, folder.with_name(f"{folder.name}annot")), (folder / "images", folder / "masks")]
        complete = [pair for pair in layouts if all(path.is_dir() for path in pair)]
        if complete and not folder.name.endswith("annot"):
            found[folder] = complete[0]
    splits, others = splits_among(list(found))
    if others and splits:
        log.warning(f"not read: {named([str(path) for path in others])}; the splits are train, validation and test.")
    return {split: found[splits[split]] for split in SPLIT_NAMES if split in splits}
