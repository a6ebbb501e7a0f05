"""The page on which a model is tried: it computes what Keras does, and asks nobody for anything."""

import json
import os
import random
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pages import CONTRAST, in_mlflows_frame
from playwright.sync_api import Browser, Page, Route, expect
from recordings import add
from trials import EMOTIONS, HIGHEST, KINDS, THRESHOLDS, Made, make, random_aus

from benchmarks.soak.fuzz.mutations import MUTATIONS
from benchmarks.soak.fuzz.recordings import recordings
from pipeline.commands.using import predict
from pipeline.data.action_units import INTENSITIES, OPENFACE_COLUMNS
from pipeline.errors import InputError
from pipeline.report.try_page.page import try_page
from pipeline.settings import paths

Open = Callable[..., Page]
SETTINGS = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]
# What the page computes of rows (floats in base64) of nobody known, or of one clip of a person.
COMPUTE = """([rows, known]) => {
  const numbers = new Float32Array(Uint8Array.from(atob(rows), c => c.charCodeAt(0)).buffer);
  const width = model.columns.length;
  const frames = Array.from({length: numbers.length / width},
    (_, i) => numbers.subarray(i * width, (i + 1) * width));
  const person = personOf(model, known ? frames : []);
  return frames.flatMap(aus => [...probabilities(network, featuresOf(model, aus, person))]);
}"""
# Each frame of a file (in base64) as the page reads and predicts it, or why it does not.
PREDICT = """async file => {
  try {
    const bytes = Uint8Array.from(atob(file), c => c.charCodeAt(0));
    const recording = readRecording(bytes, model);
    const predicted = await predictRecording(recording);
    return {frames: recording.frames, predicted: predicted.map(row => [...row]),
            positive: predicted.map(row => present(model, row)),
            aside: Object.fromEntries(recording.aside)};
  } catch (error) {
    if (error instanceof Refusal) return {refused: error.message};
    throw error;
  }
}"""
DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, {type: 'text/csv'}));
  document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true,
    cancelable: true}));
}"""


@pytest.fixture(scope="module")
def made() -> dict[str, Made]:
    """Make a model of each kind."""
    return {kind: make(**options) for kind, options in KINDS.items()}


@pytest.fixture
def view(browser: Browser, made: dict[str, Made], tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens the page of a kind of model, at a width and colour scheme."""
    pages: list[Page] = []
    asked: list[str] = []
    wrong: list[str] = []

    def opened(kind: str = "plain", width: int = 1280, scheme: str = "light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        file = made[kind].write(tmp_path)
        page.goto(file.as_uri())
        return page

    yield opened
    for page in pages:
        page.context.close()
    assert {*asked} <= {(tmp_path / "try.html").as_uri()}, "the page asked for more than itself"
    assert not wrong


def openface_csv(frames: int, seed: int = 4, *, bad: bool = False) -> str:
    """Write a clip as OpenFace does, blanks before names, with more columns, and bad rows."""
    aus = random_aus(frames, seed)
    random = np.random.default_rng(seed)
    names = ["frame", "face_id", "timestamp", "confidence", "success", "gaze_0_x"]
    lines = [", ".join([*names, *OPENFACE_COLUMNS, "p_rx"])]
    for i, row in enumerate(aus):
        cells = [i + 1, 0, f"{i / 30:.3f}", f"{random.uniform(0.6, 1):.2f}", 1, 0.1]
        lines.append(", ".join(map(str, [*cells, *(f"{value:.2f}" for value in row), 0.5])))
    if bad:
        for row, (column, value) in BAD.items():
            cells = lines[row].split(", ")
            place = [*names, *OPENFACE_COLUMNS].index(column)
            lines[row] = ", ".join([*cells[:place], value, *cells[place + 1 :]])
        lines[90] = "90, 0, cut off"
    return "\n".join([*lines, ""])


# Cells that make a row of the file unusable, by the row's number.
BAD = {
    3: ("success", "0"),
    5: ("confidence", "0.2"),
    8: ("AU12_r", "nan"),
    13: ("AU12_r", "5.4"),
    21: ("AU04_c", "none of your business"),
    34: ("face_id", "1"),
    55: ("frame", "54"),
}

# What the page calls the reasons of the command.
WORDS = {
    "not_tracked": "no face tracked",
    "low_confidence": "low confidence",
    "not_finite": "missing or infinite",
    "out_of_range": "out of range",
    "not_a_number": "not a number",
    "ragged": "too few or too many cells",
    "other_face": "another face",
    "duplicate_frame": "duplicate frame",
}


@pytest.fixture
def ready(
    workspace: Callable[..., Path], tree: dict[str, Any], root: Path, made: dict[str, Made]
) -> Callable[[str], Made]:
    """Return a function that enters a folder with what training leaves of a kind of model."""
    from pipeline.model.training.saving import save_model

    tree["data"] = {"path": "in", "layout": "openface", "naming": "subject_first"}
    workspace(tree)

    def leave(kind: str) -> Made:
        save_model(made[kind].network, paths.MODEL)
        told = {"feature_map": made[kind].features.lay_out(), "emotions": EMOTIONS}
        paths.RUN.write_text(json.dumps(told))
        paths.THRESHOLDS.parent.mkdir(parents=True, exist_ok=True)
        paths.THRESHOLDS.write_text(json.dumps({"thresholds": {"network": THRESHOLDS}}))
        return made[kind]

    return leave


def predicted_by_page(page: Page, content: str | bytes) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    found: dict[str, Any] = page.evaluate(PREDICT, b64encode(data).decode())
    return found


def predicted_by_command(name: str, content: str | bytes) -> tuple[pd.DataFrame, dict[str, Any]]:
    predict.run([add(Path("in"), {name: content}) / name], Path("out.parquet"))
    return pd.read_parquet("out.parquet"), json.loads(Path("out_summary.json").read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_computes_what_keras_does(kind: str, view: Open, made: dict[str, Made]) -> None:
    from pipeline.model.training.saving import Predictor

    model, page = made[kind], view(kind)
    width, smile = len(model.features.columns), model.trial.presets[1].aus
    golden = np.vstack([np.zeros(width), HIGHEST[:width], smile])
    rows = np.vstack([golden, random_aus(10_000, 9)[:, :width]]).astype(np.float32)
    network, one = Predictor(model.network), np.zeros(len(rows), np.int64)
    for known, features in (
        (False, model.features.of_nobody(rows)),
        (True, model.features(rows, one, one)),
    ):
        sent = b64encode(rows.tobytes()).decode()
        found = np.array(page.evaluate(COMPUTE, [sent, known])).reshape(len(rows), -1)
        assert found.std(axis=0).min() > 0.01
        np.testing.assert_allclose(found, network(features), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["plain", "members", "calibrated"])
def test_a_dropped_file_gives_the_timeline_of_the_command(
    kind: str, view: Open, ready: Callable[[str], Made]
) -> None:
    ready(kind)
    text = openface_csv(250, bad=True)
    frames, summary = predicted_by_command("anna_1.csv", text)
    page = view(kind)
    page.evaluate(DROP, ["anna_1.csv", text])
    kept, lost = summary["rows_kept"], summary["rows_quarantined"]
    assert lost == len(BAD) + 1
    account = page.get_by_role("status").filter(has_text="rows read")
    expect(account).to_contain_text(f"250 rows read = {kept} predicted + {lost} set aside")
    for reason, rows in summary["quarantined_by_reason"].items():
        expect(account).to_contain_text(f"{WORDS[reason]} {rows}")
    columns = [f"predicted/{name}" for name in EMOTIONS]
    shown = page.locator("#points tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert [int(row[0]) for row in shown] == frames["frame"].tolist()
    points = np.array([row[1:] for row in shown], dtype=float)
    np.testing.assert_allclose(points, frames[columns], atol=5.1e-4)
    exact = predicted_by_page(page, text)
    np.testing.assert_allclose(exact["predicted"], frames[columns], atol=1e-5, rtol=0)
    positive = frames[[f"positive/{name}" for name in EMOTIONS]].to_numpy()
    assert np.array_equal(exact["positive"], positive)


def test_genuine_files_give_the_timeline_of_the_command(
    view: Open, ready: Callable[[str], Made], real_data: Path
) -> None:
    ready("calibrated")
    files = [real_data / "formats/openface_video_blanks.csv"]
    files += sorted((real_data / "ravdess/frames").iterdir())[:3]
    page = view("calibrated")
    for file in files:
        text = file.read_bytes()
        frames, _ = predicted_by_command(file.name, text)
        found = predicted_by_page(page, text)
        assert found["frames"] == frames["frame"].tolist()
        columns = [f"predicted/{name}" for name in EMOTIONS]
        np.testing.assert_allclose(found["predicted"], frames[columns], atol=1e-5, rtol=0)


def test_names_and_marks_of_other_programs_are_read_as_the_command_does(
    view: Open, ready: Callable[[str], Made]
) -> None:
    ready("intensities")
    page = view("intensities")
    rows = random_aus(20, 3)[:, : len(INTENSITIES)].round(2).tolist()
    header = [f"X.{name.lower()}" for name in INTENSITIES]
    decimal = [[str(value).replace(".", ",") for value in row] for row in rows]
    words = ["Success", *header]
    for name, lines in {
        "semicolon.csv": [";".join(header), *(";".join(row) for row in decimal)],
        "quoted.csv": [",".join(header), *(",".join(f'"{v}"' for v in row) for row in decimal)],
        "flags.csv": [
            "\t".join(words),
            *("\t".join([("True", "no")[i % 2], *map(str, row)]) for i, row in enumerate(rows)),
        ],
        "no_frames.csv": [
            ",".join(["frame", *header]),
            *(f"7,{','.join(map(str, row))}" for row in rows),
        ],
        "anew.csv": [
            ",".join(["frame", "timestamp", *header]),
            *(f"{i % 5},{-i},{','.join(map(str, row))}" for i, row in enumerate(rows)),
        ],
        "percent.csv": [
            ",".join(["confidence", *header]),
            *(f"{5 * i},{','.join(map(str, row))}" for i, row in enumerate(rows)),
        ],
        "silent.csv": [
            ",".join(["success", "confidence", *header]),
            *(f",nan,{','.join(map(str, row))}" for row in rows),
        ],
        "faces.csv": [
            ",".join(["Identity", *header]),
            *(f"Person_{min(i % 3, 1)},{','.join(map(str, row))}" for i, row in enumerate(rows)),
        ],
        "excel.csv": ["sep=,", ",".join(header), *(",".join(map(str, row)) for row in rows)],
        "comment.csv": [
            *("# made in May, 2,5 hours", "", '"# AU01,AU02 and so on"', "#"),
            *(",".join(header), *(",".join(map(str, row)) for row in rows)),
        ],
        "ended_rows.csv": [",".join(header), *(f"{','.join(map(str, row))}, " for row in rows)],
        "ended_header.csv": [
            *(",".join(header) + ",", *(f"{','.join(map(str, row))}" for row in rows)),
        ],
        "several_lines.csv": [
            ",".join(["note", *header, "remark"]),
            *(f'"a ""b"",\n\nc",{",".join(map(str, row))},"d\ne"' for row in rows[:9]),
            *(f'f,{",".join(map(str, row))},"stray' for row in rows[9:]),
        ],
        "numpy.csv": ["# " + ",".join(header), *(",".join(map(str, row)) for row in rows)],
        "blank.csv": ["", ",".join(header), "", *(",".join(map(str, row)) for row in rows)],
    }.items():
        text = "\ufeff" + "\r\n".join(lines)
        frames, _ = predicted_by_command(name, text)
        found = predicted_by_page(page, text)
        assert found["frames"] == frames["frame"].tolist(), name
        columns = [f"predicted/{name}" for name in EMOTIONS]
        np.testing.assert_allclose(found["predicted"], frames[columns], atol=1e-5, rtol=0)


def test_presences_in_words_are_read_as_the_command_does(
    view: Open, ready: Callable[[str], Made]
) -> None:
    ready("plain")
    page = view("plain")
    lines = [line.split(", ") for line in openface_csv(20).splitlines()]
    for place, name in enumerate(lines[0]):
        for i, row in enumerate(lines[1:]):
            if name.endswith("_c"):
                row[place] = ("True", "F", "no", "yes", "1", "0.0")[i % 6]
    text = "\n".join(", ".join(row) for row in lines)
    frames, summary = predicted_by_command("words.csv", text)
    assert summary["rows_kept"] == 20
    found = predicted_by_page(page, text)
    columns = [f"predicted/{name}" for name in EMOTIONS]
    np.testing.assert_allclose(found["predicted"], frames[columns], atol=1e-5, rtol=0)


def test_mutated_recordings_are_read_as_the_command_does(
    view: Open, ready: Callable[[str], Made], tmp_path: Path
) -> None:
    ready("calibrated")
    page = view("calibrated")
    [*files] = [data for clip in recordings(tmp_path)["openface"] for data in clip.values()]
    outcomes: Counter[str] = Counter()
    for seed in range(40):
        rng = random.Random(seed)
        content = rng.choice(files)
        for _ in range(rng.choice([1, 1, 2, 3])):
            content = MUTATIONS[rng.choice(sorted(MUTATIONS))](content or b"\n", rng)
        found = predicted_by_page(page, content)
        try:
            frames, summary = predicted_by_command("mutated.csv", content)
        except InputError:
            outcomes["refused by the command"] += 1
            continue
        if "refused" in found:  # of what the command takes the page leaves something to it
            assert "pipeline predict" in found["refused"] or "is no text" in found["refused"]
            outcomes["left to the command"] += 1
            continue
        outcomes["same"] += 1
        assert found["frames"] == frames["frame"].tolist(), seed
        reasons = summary["quarantined_by_reason"].items()
        assert found["aside"] == {WORDS[reason]: rows for reason, rows in reasons}, seed
        columns = [f"predicted/{name}" for name in EMOTIONS]
        np.testing.assert_allclose(found["predicted"], frames[columns], atol=1e-5, rtol=0)
    assert outcomes["same"] > 20


HEADER = ",".join(OPENFACE_COLUMNS)
ROW = ",".join(["0.4"] * len(OPENFACE_COLUMNS))
SEVERAL = [f"{1 + row % 4},{ROW[:-1]}{row // 4}" for row in (0, 4, 8, 1, 5, 9, 2, 6, 10, 3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty."),
        ("\n \n", "it is empty."),
        ("PK\x03\x04\x00\x00", "it is no text in UTF-8. Drop a CSV file."),
        ("<!doctype html>\n<title>x</title>", "no column is named like an action unit."),
        (f"{HEADER}\n", "it has no rows."),
        (
            "AU01,AU06,AU12\n0,0,0",
            "its action units are without suffix, as py-feat writes them: AU01",
        ),
        ("AU01_r,AU03_r,AU08_r\n0,0,0", "OpenFace 3 wrote it, whose columns are other action"),
        (",".join(OPENFACE_COLUMNS[1:]) + "\n0", "it lacks AU01_r. Extract all action units"),
        ("\n".join([HEADER, *[ROW] * 120]), "no intensity of 120 frames exceeds 1: these look"),
        (f"face_id,{HEADER}\nnan,{ROW}", "no frame is left: all rows were set aside (missing or"),
        (f"success,{HEADER}\n0,{ROW}", "no frame is left: all rows were set aside (no face"),
        (f"clip,{HEADER}\na,{ROW}\nb,{ROW}", "it holds several clips, and this page shows one."),
        ("\n".join([f"frame,{HEADER}", *SEVERAL]), "its frames hold several faces, and nothing"),
        (f"AU01_c;{HEADER}".replace(",", ";"), "it names AU01_c twice."),
        (f"AU6_R,{HEADER}\n0", "it names AU06_r twice."),
    ],
)
def test_a_bad_file_gets_one_message(view: Open, text: str, told: str) -> None:
    page = view()
    page.evaluate(DROP, ["bad.csv", openface_csv(30)])
    expect(page.locator("#recording")).to_be_visible()
    page.evaluate(DROP, ["bad.csv", text])
    expect(page.get_by_role("alert")).to_contain_text(f"bad.csv: {told}")
    expect(page.locator("#recording")).to_be_hidden()
    assert page.locator("#progress").inner_text() == ""


def test_several_files_at_once_are_not_taken_for_one(view: Open) -> None:
    page = view()
    page.evaluate(
        """() => { const data = new DataTransfer();
        for (const name of ['a', 'b']) data.items.add(new File(['x'], name));
        document.body.dispatchEvent(
          new DragEvent('drop', {dataTransfer: data, bubbles: true})); }"""
    )
    expect(page.get_by_role("alert")).to_have_text(
        "Drop one CSV file; several at once cannot be shown."
    )


def test_a_long_recording_is_shown_in_stretches(view: Open, tmp_path: Path) -> None:
    page = view("intensities")
    text = openface_csv(1000)
    file = tmp_path / "long.csv"
    file.write_text(text)
    page.get_by_label("Choose a recording").set_input_files(file)
    rows = page.locator("#points tr")
    expect(rows).to_have_count(250)
    page.get_by_text("Every point in numbers").first.click()
    expect(page.get_by_text("Each line is the mean of 4 frames.")).to_be_visible()
    exact = np.array(predicted_by_page(page, text)["predicted"])
    third = rows.nth(2).locator("td").all_inner_texts()
    np.testing.assert_allclose([float(v) for v in third], exact[8:12].mean(axis=0), atol=5.1e-4)
    mean = page.locator("#summary tr").nth(0).locator("td").nth(0).inner_text()
    assert float(mean) == pytest.approx(exact[:, 0].mean(), abs=5.1e-4)


def test_by_keyboard_and_by_name(view: Open) -> None:
    page = view("calibrated")
    slider = page.get_by_role("slider", name="AU12 lip corner puller, intensity", exact=True)
    row = page.get_by_role("row", name=EMOTIONS[0])
    before = row.inner_text()
    slider.focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "1.5 of 5"
    assert page.get_by_role("slider", name="AU12 lip corner puller, presence").input_value() == "1"
    assert row.inner_text() != before
    expect(page.locator("#said")).to_contain_text("Most probable: ")
    page.get_by_role("button", name="happiness").focus()
    page.keyboard.press("Enter")
    assert slider.input_value() == "2.5"
    expect(page.get_by_role("button", name="happiness", pressed=True)).to_have_count(1)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "What these faces are"
    assert page.get_by_role("slider").count() == len(OPENFACE_COLUMNS)
    with page.expect_file_chooser():
        page.get_by_label("Choose a recording").press("Enter")
    expect(page.get_by_text("stand for a person of whom nothing is known")).to_be_visible()


def test_every_drawing_has_words_and_the_numbers_are_tables(view: Open) -> None:
    page = view()
    page.evaluate(DROP, ["a.csv", openface_csv(40)])
    drawn = page.get_by_role("img")
    expect(drawn).to_have_count(len(EMOTIONS))
    for i, name in enumerate(EMOTIONS):
        label = drawn.nth(i).get_attribute("aria-label")
        assert label
        assert label.startswith(f"{name} over time: mean 0.")
    headings = page.locator("#summary th").all_inner_texts()
    assert headings == list(EMOTIONS)
    assert page.locator("table > caption").count() == page.locator("table").count() == 3


@pytest.mark.parametrize(("width", "scheme"), SETTINGS)
def test_fits_and_can_be_read(view: Open, width: int, scheme: str) -> None:
    page = view("plain", width, scheme)
    page.get_by_role("button", name="happiness").click()
    page.evaluate(DROP, ["anna_1.csv", openface_csv(60)])
    expect(page.locator("#recording")).to_be_visible()
    page.get_by_text("Every point in numbers").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    contrast, text = page.evaluate(CONTRAST)
    assert contrast >= 4.5, text
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    if folder := os.environ.get("AU_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"try_{width}_{scheme}.png", full_page=True)


def test_nothing_may_leave_the_page_nor_come_in(browser: Browser, made: dict[str, Made]) -> None:
    """It is tried where a request could leave: on a page that a server gave."""
    page = browser.new_page()
    text = try_page(made["plain"].trial)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=text, content_type="text/html")

    page.route("**/*", answer)
    page.goto("http://127.0.0.1/try.html")
    refused = page.evaluate(
        """async () => {
        const refused = [];
        document.addEventListener('securitypolicyviolation',
          event => refused.push(event.effectiveDirective));
        const add = (tag, more) => document.body.append(
          Object.assign(document.createElement(tag), more));
        await fetch('/leak').catch(() => {});
        add('img', {src: '/leak.png'});
        add('script', {textContent: 'window.leaked = 1'});
        add('script', {src: '/leak.js'});
        add('iframe', {src: '/leak.html'});
        add('style', {textContent: 'body { background: url(/leak.png) }'});
        navigator.sendBeacon('/leak');
        const form = Object.assign(document.createElement('form'), {action: '/leak'});
        document.body.append(form);
        form.submit();
        await new Promise(done => setTimeout(done, 300));
        return [...new Set(refused)].sort();
        }"""
    )
    assert refused == [
        *("connect-src", "form-action", "frame-src", "img-src"),
        *("script-src-elem", "style-src-elem"),
    ]
    assert asked == ["http://127.0.0.1/try.html"]
    assert page.evaluate("window.leaked === undefined")
    page.context.close()


def test_runs_in_a_frame_without_rights(browser: Browser, made: dict[str, Made]) -> None:
    page, frame = in_mlflows_frame(browser, try_page(made["plain"].trial))
    frame.get_by_role("button", name="happiness").click()
    expect(frame.locator("#said")).to_contain_text("Most probable: ")
    page.context.close()
