"""What the values in mask files mean: decided for the whole data set, from all values that occur, or asked.

Masks come in these encodings. `binary`: 0 and 255. `ids`: the value of a pixel is its class. `palette`: the color of a
pixel stands for its class. `threshold`: values from one on are foreground (`data.foreground`, `data.threshold`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import ImageColor

from shared.console import log
from shared.data.examples import Examples
from shared.data.problems import named
from shared.errors import UserError
from src.masks.decode import IGNORE, WHITE, Decoded, MaskFormat
from src.masks.settings import MaskConfig

MAX_CLASSES = 64
MID_GRAY = (64, 191)  # levels between the two of black and white; compression leaves them at edges only
NAMED_AT_MOST = 20  # classes in a line to copy
INSPECTED = 50  # masks that are looked at where all would take long
ALIKE = 0.5  # share of the variance of colors that classes explain at least, and numbers of objects do not


def detect_format(decoded: Sequence[Decoded], settings: MaskConfig, notes: list[str]) -> MaskFormat:
    """Tell how masks hold classes, by the values in all of them; `notes` gets sentences about what was decided.

    Raises:
        UserError: the values can mean several things; the message names the settings that decide.
    """
    clear = [one for one in decoded if one.mask.is_transparent]
    note(notes, "transparent pixels of masks are read as background", clear)
    if settings.palette:
        return palette_format(settings.classes, settings.palette, settings.ignore)
    ignored = {int(settings.ignore): IGNORE} if settings.ignore else {}
    if settings.threshold or settings.foreground == "above_zero":
        return threshold_format(decoded, settings, ignored)
    require_one_kind(decoded, settings, notes)
    may_be_binary = len(settings.classes) in (0, 2)
    if may_be_binary:
        require_black_and_white([one for one in decoded if one.pair.is_lossy])
    lossy_levels = {0, 255} if may_be_binary else set[int]()  # among ids, `decode_masks` leaves these masks out
    levels = {id(one): lossy_levels if one.pair.is_lossy else {*one.mask.levels} - ignored.keys() for one in decoded}
    if not ignored:
        require_one_scale(decoded, levels)
    values = set().union(*levels.values())
    white = values & {*WHITE}
    if may_be_binary and white and values <= {0, *WHITE}:
        names = settings.classes or ["background", "foreground"]
        return MaskFormat("binary", names, {0: 0} | dict.fromkeys(white, 1) | ignored)
    ignored = ignored or {IGNORE: IGNORE}
    values -= ignored.keys()
    if may_be_binary:
        require_ids(decoded, settings, values)
    names = settings.classes or [f"class {value}" for value in range(max(values) + 1)]
    return MaskFormat("ids", names, {value: value for value in range(len(names))} | ignored)


def require_ids(decoded: Sequence[Decoded], settings: MaskConfig, values: set[int]) -> None:
    """Refuse values that number objects, or that are too large for class ids."""
    largest = max(values, default=0)
    if largest < 1:
        raise UserError("the masks hold no value but 0 and the ignored one, so nothing is marked; correct the masks.")
    if largest >= max(2, len(settings.classes)):
        require_no_numbered_objects(decoded, settings, largest)
    if largest >= MAX_CLASSES or min(values) < 0:
        raise UserError(unclear_levels(decoded, values))


def note(notes: list[str], sentence: str, concerned: Sequence[Decoded]) -> None:
    """Say what was decided about some masks, if any; the record has no names of files, as exported models carry it."""
    if concerned:
        log.warning(f"{sentence}: {files(concerned)}.")
        notes.append(f"{sentence}: {len(concerned)}")


def files(decoded: Sequence[Decoded]) -> str:
    """How many masks these are, and the first ones' names; empty where there are none."""
    return f"{len(decoded)} ({named([one.pair.mask.name for one in decoded])})" if decoded else ""


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


def threshold_format(decoded: Sequence[Decoded], settings: MaskConfig, ignored: dict[int, int]) -> MaskFormat:
    """Masks whose values from `data.threshold` on, or above zero, are foreground."""
    lossy = [one for one in decoded if one.pair.is_lossy]
    colored = files([one for one in decoded if one.mask.kind == "color"])
    if lossy and not settings.threshold:
        bright = not colored and all(one.mask.levels[-1] >= 128 for one in lossy if one.mask.levels[-1])
        raise UserError(
            "data.foreground above_zero needs exact values, and compression (JPEG or WebP) changes those of masks: "
            f"{files(lossy)}; save them as PNG{', or set --data.threshold 128 in its place' if bright else ''}."
        )
    if colored and settings.threshold:
        raise UserError(
            f"data.threshold needs gray levels, and masks have colors: {colored}; use --data.foreground above_zero "
            "in its place, where all that is not black is foreground."
        )
    return MaskFormat(
        "threshold", settings.classes or ["background", "foreground"], ignored, max(1, settings.threshold)
    )


def require_one_kind(decoded: Sequence[Decoded], settings: MaskConfig, notes: list[str]) -> None:
    """Refuse colors without a palette, and palettes that contradict each other or the gray masks."""
    kinds = {kind: [one for one in decoded if one.mask.kind == kind] for kind in ("gray", "palette", "color")}
    if kinds["color"]:
        raise UserError(unclear_colors(kinds["color"], decoded))
    seen: dict[int, tuple[int, ...]] = {}  # programs that reduce colors choose a palette for each file
    odd = [
        one
        for one in kinds["palette"]
        if any(seen.setdefault(level, one.mask.palette[level]) != one.mask.palette[level] for level in one.mask.levels)
    ]
    if odd and not settings.classes:
        raise UserError(
            f"masks have a palette that gives a value another color than masks before: {files(odd)}; name the classes "
            "with data.classes if values stand for them, and data.palette too if colors do."
        )
    note(notes, "masks whose palettes differ from those before; values stand for the classes, not colors", odd)
    if kinds["palette"] and kinds["gray"]:
        gray, indices = ({level for one in kinds[kind] for level in one.mask.levels} for kind in ("gray", "palette"))
        gray -= {int(settings.ignore or IGNORE)}
        if not gray <= indices:
            raise UserError(
                f"masks with a palette: {files(kinds['palette'])}, stand beside gray ones: {files(kinds['gray'])}, "
                f"with other values ({shown(gray - indices)}); save all masks alike."
            )
        note(notes, "gray masks stand beside masks with a palette; values stand for the classes in both", kinds["gray"])


def require_black_and_white(lossy: Sequence[Decoded]) -> None:
    """Refuse masks from lossy files unless they hold black and white: compression blurs what lies closer together."""
    dark = [one for one in lossy if 0 < one.mask.levels[-1] < 128]
    if dark:
        largest = max(one.mask.levels[-1] for one in dark)
        raise UserError(
            f"the largest value is {largest}, not 255, in {files(dark)}, and their compression (JPEG or WebP) blurs "
            "class ids; save the masks as PNG again from where they come."
        )
    between = [one for one in lossy if flat_mid_gray(one.mask.values) > 0.002]
    if between:
        raise UserError(
            f"masks whose compression (JPEG or WebP) blurs values hold more than black and white: {files(between)}; "
            "save them as PNG, or, if only edges are gray, set --data.threshold 128."
        )


def flat_mid_gray(values: np.ndarray) -> float:
    """The share of pixels that are neither black nor white in flat areas; gray pixels at sharp edges do not count."""
    middle = values[1:-1, 1:-1].astype(int)
    across = abs(values[1:-1, 2:].astype(int) - values[1:-1, :-2])
    down = abs(values[2:, 1:-1].astype(int) - values[:-2, 1:-1])
    flat = (middle >= MID_GRAY[0]) & (middle <= MID_GRAY[1]) & (across < 32) & (down < 32)
    return float(flat.mean()) if flat.size else 0.0


def require_one_scale(decoded: Sequence[Decoded], levels: Mapping[int, set[int]]) -> None:
    """Refuse masks of 0 and 255 among masks of class ids, where 255 would be ignored and never is in those of ids."""
    black_white = [one for one in decoded if levels[id(one)] & {*WHITE} and levels[id(one)] <= {0, *WHITE}]
    numbered = [one for one in decoded if levels[id(one)] - {0, *WHITE}]
    both = [one for one in numbered if IGNORE in levels[id(one)]]
    ids = set().union(*(levels[id(one)] for one in numbered)) - {*WHITE}
    if not black_white or not numbered or len(black_white) <= len(both) or max(ids) >= MAX_CLASSES:
        return
    remedy = " as PNG" if any(one.pair.is_lossy for one in black_white) else "; if 255 is ignored: --data.ignore 255"
    if max(ids) == 1 and "PNG" not in remedy:
        remedy = f", or take all values above 0 as foreground with --data.foreground above_zero{remedy}"
    raise UserError(
        f"masks of 0 and 255: {files(black_white)}, are mixed with masks of class ids ({shown(ids)}): "
        f"{files(numbered)}; save all alike{remedy}."
    )


def require_no_numbered_objects(decoded: Sequence[Decoded], settings: MaskConfig, largest: int) -> None:
    """Ask where values number objects: each is one region, and objects of one number do not look alike."""
    filled, gapless, seen, flat = [], [], [], []
    for one in decoded[:: max(1, len(decoded) // INSPECTED)]:
        step = max(1, max(one.mask.values.shape) // 512)  # of large masks fewer pixels say the same
        values = one.mask.values[::step, ::step]
        values = np.where(values == IGNORE, 0, values)
        inside = values > 0
        numbers, inverse, areas = np.unique(values[inside], return_inverse=True, return_counts=True)  # [K], [N], [K]
        sums = [np.bincount(inverse, channel) for channel in one.image[::step, ::step][inside].T]  # of red, green, blue
        seen += zip(numbers.tolist(), np.stack(sums, 1) / areas[:, None], strict=True)
        order, starts = inverse.argsort(), areas.cumsum() - areas  # pixels by number
        ends = [[edge.reduceat(axis[order], starts) for edge in (np.minimum, np.maximum)] for axis in inside.nonzero()]
        filled += (areas / np.prod([most - least + 1 for least, most in ends], 0)).tolist()  # of the box around it
        gapless.append(numbers.tolist() == list(range(1, len(numbers) + 1)))
        flat += [(values[:, 1:] == values[:, :-1])[inside[:, 1:]], (values[1:] == values[:-1])[inside[1:]]]
    # Mostly 1, 2, 3 without gaps, or many numbers; and more than one in a mask.
    in_order = len(seen) > len(gapless) and (np.mean(gapless) >= 0.8 or len({number for number, _ in seen}) > 8)
    # One region fills its box, several far from each other do not; of a gradient each level is a thin region.
    are_regions = np.mean(filled) > 0.4 and np.concatenate(flat).mean() > 0.5
    if not are_regions or not in_order or explained_variance(seen) >= ALIKE:
        return
    ask = f"; if they are classes, name them: {naming([f'class {value}' for value in range(largest + 1)])}"
    raise UserError(
        f"the masks seem to number objects (values up to {largest}, each of them one region in a mask); "
        "if these are objects of one kind, set --data.foreground above_zero"
        f"{ask if largest < MAX_CLASSES and not settings.classes else ''}."
    )


def explained_variance(seen: Sequence[tuple[int, np.ndarray]]) -> float:
    """The adjusted share of the variance of the colors [3] that the numbers explain: 1 where each has its own color."""
    numbers, colors = np.array([number for number, _ in seen]), np.array([color for _, color in seen])
    groups = np.unique(numbers)
    within = sum(((colors[numbers == one] - colors[numbers == one].mean(0)) ** 2).sum() for one in groups)
    total = ((colors - colors.mean(0)) ** 2).sum()
    if len(numbers) == len(groups) or not total:
        return 0.0
    return float(1 - within / total * (len(numbers) - 1) / (len(numbers) - len(groups)))


def unclear_levels(decoded: Sequence[Decoded], values: set[int]) -> str:
    """The sentence that refuses gray levels which are neither 0 and 255 nor class ids."""
    odd = [one for one in decoded if set(one.mask.levels) - {0, *WHITE}]
    text = f"the masks hold the values {shown(values)}, neither 0 and 255 nor class ids below {MAX_CLASSES}, in "
    text += f"{files(odd or decoded)}; "
    if min(values) < 0 or max(values) > 255:
        return f"{text}set --data.foreground above_zero if all values above 0 are foreground, or save ids from 0 on."
    soft = f"--data.threshold {128 if max(values) >= 128 else max(values) // 2}"
    if len(values | {IGNORE}) > 8:
        return f"{text}if edges are soft, set {soft}: levels from there on are foreground."
    levels = sorted(values | {level for one in decoded for level in one.mask.levels})
    named_levels = naming([f"level {level}" for level in levels], [f"#{level * 0x010101:06x}" for level in levels])
    return f"{text}if each level is a class, name them: {named_levels}; if they are soft edges: {soft}."


def unclear_colors(colored: Sequence[Decoded], decoded: Sequence[Decoded]) -> str:
    """The sentence that refuses colors without a palette."""
    counts: Counter[int] = Counter()
    for one in decoded[:: max(1, len(decoded) // INSPECTED)]:
        scale = 1 if one.mask.kind == "color" else 0x010101  # gray has three equal bytes
        colors, pixels = np.unique(one.mask.values, return_counts=True)
        counts.update(dict(zip((colors.astype(int) * scale).tolist(), pixels.tolist(), strict=True)))
    common = [f"#{color:06x}" for color, _ in counts.most_common()]
    text = f"masks have colors: {files(colored)}; "
    if any(one.pair.is_lossy for one in colored):
        return f"{text}compression blurs them; save them as PNG, or name them with data.classes and data.palette."
    text += f"they are {named(common)}; "
    if len(common) <= NAMED_AT_MOST:
        text += f"if each is a class, name them: {naming([f'class {color[1:]}' for color in common], common)}; "
    return f"{text}if all that is not black is foreground: --data.foreground above_zero."


def naming(classes: Sequence[str], colors: Sequence[str] = (), ignore: str = "") -> str:
    """The flags that name classes and their colors."""
    flags = [f'--data.{key} "{list(texts)}"' for key, texts in (("classes", classes), ("palette", colors)) if texts]
    return " ".join(flags + [f"--data.ignore '{ignore}'"] * bool(ignore))


def shown(values: set[int]) -> str:
    """Some values, for people."""
    return named([str(value) for value in sorted(values)])


def black_and_white(decoded: Mapping[str, Sequence[Decoded]]) -> dict[str, list[Decoded]]:
    """The masks of each split; those with a palette as gray levels where all palettes hold black and white only.

    Programs that reduce colors number them in any order: which index is white differs from file to file.
    """
    masks = [one.mask for held in decoded.values() for one in held if one.mask.kind == "palette"]
    if not {mask.palette[level] for mask in masks for level in mask.levels} <= {(0, 0, 0), (255, 255, 255)}:
        return {split: list(held) for split, held in decoded.items()}

    def as_gray(one: Decoded) -> Decoded:
        if one.mask.kind != "palette":
            return one
        gray = np.array([color[0] for color in one.mask.palette], np.uint8)  # [256]
        return replace(one, mask=replace(one.mask, values=gray[one.mask.values], kind="gray", palette=()))

    return {split: [as_gray(one) for one in held] for split, held in decoded.items()}


def require_every_class(
    root: Path, form: MaskFormat, splits: Mapping[str, Examples], decoded: Sequence[Decoded], settings: MaskConfig
) -> None:
    """Refuse classes that no pixel of any mask has: a wrong reading of the masks looks like this.

    Raises:
        UserError: the message names these classes, and the settings that name only those that occur.
    """
    masks = [mask for held in splits.values() for mask in held["masks"]]
    counts = sum((np.bincount(mask.ravel(), minlength=256) for mask in masks), np.zeros(256, int))
    occurring = [index for index in range(len(form.classes)) if counts[index]]
    missing = [name for index, name in enumerate(form.classes) if index not in occurring]
    if not missing:
        return
    text = f"no pixel of any mask in {root} is of the class {named(missing)}; correct the masks"
    if len(occurring) < 2 or form.encoding in ("binary", "threshold"):
        raise UserError(f"{text}, or how they are read: data.classes, data.palette, data.foreground, data.threshold.")
    names = [form.classes[index] for index in occurring]
    palette, ignore = [settings.palette[index] for index in occurring] if settings.palette else [], settings.ignore
    if form.encoding == "ids":  # without the missing ones, ids have gaps, which colors do not mind
        palettes = [one.mask.palette for one in decoded if one.mask.palette]
        color = ["#%02x%02x%02x" % (palettes[0][level] if palettes else (level,) * 3) for level in range(256)]
        ignore = color[int(settings.ignore or IGNORE)] if counts[IGNORE] else ""
        palette = [color[index] for index in occurring]
    raise UserError(f"{text}, or name those that occur: {naming(names, palette, ignore)}.")


def ignored_shares(splits: Mapping[str, Examples]) -> dict[str, float]:
    """By split, the share of pixels that are ignored."""
    return {
        split: float(sum((mask == IGNORE).sum() for mask in held["masks"]) / max(1, sum(m.size for m in held["masks"])))
        for split, held in splits.items()
    }
