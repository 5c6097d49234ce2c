"""What the values in mask files mean: decided for the whole data set, from all values that occur, or asked.

Masks come in these encodings. `binary`: 0 and 255. `ids`: the value of a pixel is its class. `palette`: the color of a
pixel stands for its class. `threshold`: values from one on are foreground (`data.foreground`, `data.threshold`).
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import ImageColor
from skimage.measure import regionprops

from shared.console import log
from shared.data.problems import named
from shared.errors import UserError
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.decode import MaskFormat, Reader, Seen

WHITE = {255, 65535}  # in 8 and in 16 bits
MAX_CLASSES = 64
NAMED_AT_MOST = 20  # classes in a line to copy
INSPECTED = 50  # masks that are looked at where all would take long
ALIKE = 0.5  # share of the variance of colors that classes explain at least, and numbers of objects do not


def detect_format(seen: Sequence[Seen], reader: Reader, settings: DataConfig, notes: list[str]) -> MaskFormat:
    """Tell how masks hold classes, by the values in all of them; `notes` gets sentences about what was decided.

    Raises:
        UserError: the values can mean several things; the message names the settings that decide.
    """
    note(notes, "transparent pixels of masks are read as background", [one for one in seen if one.mask.is_transparent])
    if settings.palette:
        return palette_format(settings)
    ignored = {int(settings.ignore): IGNORE} if settings.ignore else {}
    lossy = [one for one in seen if one.pair.is_lossy]
    binary = settings.classes or ["background", "foreground"]
    if settings.threshold or settings.foreground == "above_zero":
        require_exact(seen, lossy, settings.threshold)
        return MaskFormat("threshold", binary, ignored, max(1, settings.threshold))
    require_one_kind(seen, settings, notes)
    if len(binary) == 2:
        require_black_and_white(lossy)
    of_lossy = {0, 255} if len(binary) == 2 else set[int]()  # among ids, `decode_masks` leaves these masks out
    levels = [of_lossy if one.pair.is_lossy else {*one.mask.levels} - ignored.keys() for one in seen]
    if not ignored:
        require_one_scale(seen, levels)
    values = set[int]().union(*levels)
    white = values & WHITE
    if len(binary) == 2 and white and values <= {0, *WHITE}:
        return MaskFormat("binary", binary, {0: 0} | dict.fromkeys(white, 1) | ignored)
    ignored = ignored or {IGNORE: IGNORE}
    values -= ignored.keys()
    if len(binary) == 2:
        require_ids(seen, reader, settings, values)
    names = settings.classes or [f"class {value}" for value in range(max(values) + 1)]
    return MaskFormat("ids", names, {value: value for value in range(len(names))} | ignored)


def palette_format(settings: DataConfig) -> MaskFormat:
    """Masks whose colors stand for classes; refuses texts that are no colors."""
    ids = {}
    colors = [("data.palette", color, index) for index, color in enumerate(settings.palette)]
    for key, text, index in [*colors, *[("data.ignore", settings.ignore, IGNORE)] * bool(settings.ignore)]:
        try:
            red, green, blue = ImageColor.getrgb(text)[:3]
        except ValueError as error:
            raise UserError(f"{key} has {text!r}, which is no color; write it as '#ff8800'.") from error
        ids[red << 16 | green << 8 | blue] = index
    return MaskFormat("palette", settings.classes, ids)


def format_of_outlines(settings: DataConfig, classes: list[str]) -> MaskFormat:
    """Masks that are drawn from outlines of these classes, the background first."""
    if settings.foreground == "above_zero":
        return MaskFormat("threshold", settings.classes or ["background", "foreground"], {IGNORE: IGNORE}, 1)
    return MaskFormat("outlines", classes, {index: index for index in [*range(len(classes)), IGNORE]})


def note(notes: list[str], sentence: str, concerned: Sequence[Seen]) -> None:
    """Say what was decided about some masks, if any; the record has no names of files, as exported models carry it."""
    if concerned:
        log.warning(f"{sentence}: {files(concerned)}.")
        notes.append(f"{sentence}: {len(concerned)}")


def files(seen: Sequence[Seen]) -> str:
    """How many masks these are, and the first ones' names."""
    return f"{len(seen)} ({named([one.pair.mask.name for one in seen])})"


def shown(values: set[int]) -> str:
    """Some values, for people."""
    return named([str(value) for value in sorted(values)])


def require_exact(seen: Sequence[Seen], lossy: Sequence[Seen], threshold: int) -> None:
    """Refuse masks that have no threshold (see `data.foreground` and `data.threshold`)."""
    colored = [one for one in seen if one.mask.kind == "color"]
    if lossy and not threshold:
        bright = not colored and all(one.mask.levels[-1] >= 128 for one in lossy if one.mask.levels[-1])
        raise UserError(
            "data.foreground above_zero needs exact values, and compression (JPEG or WebP) changes those of masks: "
            f"{files(lossy)}; save them as PNG{', or set --data.threshold 128 in its place' if bright else ''}."
        )
    if colored and threshold:
        raise UserError(
            f"data.threshold needs gray levels, and masks have colors: {files(colored)}; use --data.foreground "
            "above_zero in its place, where all that is not black is foreground."
        )


def require_one_kind(seen: Sequence[Seen], settings: DataConfig, notes: list[str]) -> None:
    """Refuse colors without a palette, and palettes that contradict each other or the gray masks."""
    kinds = {kind: [one for one in seen if one.mask.kind == kind] for kind in ("gray", "palette", "color")}
    if kinds["color"]:
        raise UserError(unclear_colors(kinds["color"], seen))
    colors: dict[int, bytes] = {}  # programs that reduce colors choose a palette for each file
    odd = [
        one
        for one in kinds["palette"]
        if any(colors.setdefault(level, one.mask.color(level)) != one.mask.color(level) for level in one.mask.levels)
    ]
    if odd and not settings.classes:
        raise UserError(
            f"masks have a palette that gives a value another color than masks before: {files(odd)}; name the classes "
            "with data.classes if values stand for them, and data.palette too if colors do."
        )
    note(notes, "masks whose palettes differ from those before; values stand for the classes, not colors", odd)
    if kinds["palette"] and kinds["gray"]:
        gray = {level for one in kinds["gray"] for level in one.mask.levels} - {int(settings.ignore or IGNORE)}
        indices = {level for one in kinds["palette"] for level in one.mask.levels}
        if not gray <= indices:
            raise UserError(
                f"masks with a palette: {files(kinds['palette'])}, stand beside gray ones: {files(kinds['gray'])}, "
                f"with other values ({shown(gray - indices)}); save all masks alike."
            )
        note(notes, "gray masks stand beside masks with a palette; values stand for the classes in both", kinds["gray"])


def require_black_and_white(lossy: Sequence[Seen]) -> None:
    """Refuse masks from lossy files unless they hold black and white: compression blurs what lies closer together."""
    dark = [one for one in lossy if 0 < one.mask.levels[-1] < 128]
    if dark:
        raise UserError(
            f"the largest value is {max(one.mask.levels[-1] for one in dark)}, not 255, in {files(dark)}, and their "
            "compression (JPEG or WebP) blurs class ids; save the masks as PNG again from where they come."
        )
    between = [one for one in lossy if one.flat_gray > 0.002]
    if between:
        raise UserError(
            f"masks whose compression (JPEG or WebP) blurs values hold more than black and white: {files(between)}; "
            "save them as PNG, or, if only edges are gray, set --data.threshold 128."
        )


def require_one_scale(seen: Sequence[Seen], levels: Sequence[set[int]]) -> None:
    """Refuse masks of 0 and 255 among masks of class ids, where 255 would be ignored and never is in those of ids."""
    pairs = list(zip(seen, levels, strict=True))
    numbered = [one for one, found in pairs if found - {0, *WHITE}]
    black_white = [one for one, found in pairs if found & WHITE and found <= {0, *WHITE}]
    both = [found for found in levels if IGNORE in found and found - {0, *WHITE}]
    ids = set[int]().union(*levels) - WHITE
    if not numbered or len(black_white) <= len(both) or max(ids) >= MAX_CLASSES:
        return
    remedy = " as PNG" if any(one.pair.is_lossy for one in black_white) else "; if 255 is ignored: --data.ignore 255"
    if max(ids) == 1 and "PNG" not in remedy:
        remedy = f", or take all values above 0 as foreground with --data.foreground above_zero{remedy}"
    raise UserError(
        f"masks of 0 and 255: {files(black_white)}, are mixed with masks of class ids ({shown(ids)}): "
        f"{files(numbered)}; save all alike{remedy}."
    )


def require_ids(seen: Sequence[Seen], reader: Reader, settings: DataConfig, values: set[int]) -> None:
    """Refuse values that number objects, or that are too large for class ids."""
    largest = max(values, default=0)
    if largest < 1:
        raise UserError("the masks hold no value but 0 and the ignored one, so nothing is marked; correct the masks.")
    if largest >= max(2, len(settings.classes)) and numbers_objects(seen, reader):
        ask = f"; if they are classes, name them: {naming([f'class {value}' for value in range(largest + 1)])}"
        raise UserError(
            f"the masks seem to number objects (values up to {largest}, each of them one region in a mask); "
            "if these are objects of one kind, set --data.foreground above_zero"
            f"{ask if largest < MAX_CLASSES and not settings.classes else ''}."
        )
    if largest >= MAX_CLASSES or min(values) < 0:
        raise UserError(unclear_levels(seen, values))


def numbers_objects(seen: Sequence[Seen], reader: Reader) -> bool:
    """Whether values seem to number objects: each is one region, and objects of one number do not look alike."""
    numbers, colors, filled, gapless, flat = [], [], [], [], []
    for one in some(seen):
        image = one.held[0] if one.held else reader.image(one.pair)
        values = one.held[1].values if one.held else reader.values(one.pair)
        step = max(1, max(values.shape) // 512)  # of large masks fewer pixels say the same
        values = values[::step, ::step]
        values = np.where((values == IGNORE) | (values < 0), 0, values)
        levels = np.unique(np.append(values, 0))
        regions = regionprops(np.searchsorted(levels, values), image[::step, ::step])
        numbers += levels[levels > 0].tolist()
        colors += [region.intensity_mean for region in regions]  # [3]
        filled += [region.extent for region in regions]  # the share of the box around it
        gapless.append(levels[-1] == len(regions))
        flat += [(values[:, 1:] == values[:, :-1])[values[:, 1:] > 0], (values[1:] == values[:-1])[values[1:] > 0]]
    # Mostly 1, 2, 3 without gaps, or many numbers; and more than one in a mask.
    in_order = len(numbers) > len(gapless) and (np.mean(gapless) >= 0.8 or len({*numbers}) > 8)
    # One region fills its box, several far from each other do not; of a gradient each level is a thin region.
    are_regions = np.mean(filled) > 0.4 and np.concatenate(flat).mean() > 0.5
    return bool(are_regions and in_order and explained_variance(np.array(numbers), np.array(colors)) < ALIKE)


def some(seen: Sequence[Seen]) -> Sequence[Seen]:
    """Masks that stand for all."""
    return seen[:: max(1, len(seen) // INSPECTED)]


def explained_variance(numbers: np.ndarray, colors: np.ndarray) -> float:
    """The adjusted share of the variance of colors [N, 3] that numbers [N] explain: 1 where each has its own color."""
    groups = np.unique(numbers)
    within = sum(((colors[numbers == one] - colors[numbers == one].mean(0)) ** 2).sum() for one in groups)
    total = ((colors - colors.mean(0)) ** 2).sum()
    if len(numbers) == len(groups) or not total:
        return 0.0
    return float(1 - within / total * (len(numbers) - 1) / (len(numbers) - len(groups)))


def unclear_levels(seen: Sequence[Seen], values: set[int]) -> str:
    """The sentence that refuses gray levels which are neither 0 and 255 nor class ids."""
    odd = [one for one in seen if {*one.mask.levels} - {0, *WHITE}]
    text = f"the masks hold the values {shown(values)}, neither 0 and 255 nor class ids below {MAX_CLASSES}, in "
    text += f"{files(odd or seen)}; "
    if min(values) < 0 or max(values) > 255:
        return f"{text}set --data.foreground above_zero if all values above 0 are foreground, or save ids from 0 on."
    soft = f"--data.threshold {128 if max(values) >= 128 else max(values) // 2}"
    if len(values | {IGNORE}) > 8:
        return f"{text}if edges are soft, set {soft}: levels from there on are foreground."
    levels = sorted(values | {level for one in seen for level in one.mask.levels})
    named_levels = naming([f"level {level}" for level in levels], [f"#{level * 0x010101:06x}" for level in levels])
    return f"{text}if each level is a class, name them: {named_levels}; if they are soft edges: {soft}."


def unclear_colors(colored: Sequence[Seen], seen: Sequence[Seen]) -> str:
    """The sentence that refuses colors without a palette."""
    text = f"masks have colors: {files(colored)}; "
    if any(one.pair.is_lossy for one in colored):
        return f"{text}compression blurs them; save them as PNG, or name them with data.classes and data.palette."
    counts: Counter[int] = Counter()
    for one in some(seen):
        scale = 1 if one.mask.kind == "color" else 0x010101  # gray has three equal bytes
        counts.update(dict(zip((one.mask.values.astype(int) * scale).tolist(), one.counts.tolist(), strict=True)))
    common = [f"#{color:06x}" for color, _ in counts.most_common()]
    text += f"they are {named(common)}; "
    if len(common) <= NAMED_AT_MOST:
        text += f"if each is a class, name them: {naming([f'class {color[1:]}' for color in common], common)}; "
    return f"{text}if all that is not black is foreground: --data.foreground above_zero."


def naming(classes: Sequence[str], colors: Sequence[str] = (), ignore: str = "") -> str:
    """The flags that name classes and their colors."""
    flags = [f'--data.{key} "{list(texts)}"' for key, texts in (("classes", classes), ("palette", colors)) if texts]
    return " ".join(flags + [f"--data.ignore '{ignore}'"] * bool(ignore))


def require_every_class(
    root: Path, form: MaskFormat, pixels: np.ndarray, seen: Sequence[Seen], settings: DataConfig
) -> None:
    """Refuse classes that none of all pixels, [C + 1], has: a wrong reading of the masks looks like this."""
    occurring = np.flatnonzero(pixels[:-1]).tolist()
    missing = [name for index, name in enumerate(form.classes) if index not in occurring]
    if not missing:
        return
    text = f"no pixel of any mask in {root} is of the class {named(missing)}; correct the masks"
    if len(occurring) < 2 or form.encoding in ("binary", "threshold"):
        raise UserError(f"{text}, or how they are read: data.classes, data.palette, data.foreground, data.threshold.")
    names = [form.classes[index] for index in occurring]
    palette, ignore = [settings.palette[index] for index in occurring] if settings.palette else [], settings.ignore
    if form.encoding == "ids":  # without the missing ones, ids have gaps, which colors do not mind
        own = next((one.mask for one in seen if one.mask.palette), None)
        color = [f"#{own.color(level).hex() if own else f'{level * 0x010101:06x}'}" for level in range(256)]
        ignore = color[int(settings.ignore or IGNORE)] if pixels[-1] else ""
        palette = [color[index] for index in occurring]
    raise UserError(f"{text}, or name those that occur: {naming(names, palette, ignore)}.")
