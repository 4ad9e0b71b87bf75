"""The report as PDF, through a browser that this machine has, or one that the tests play."""

import stat
import sys

import pytest

from letterlab.errors import LetterlabError
from letterlab.report import paper
from letterlab.report.page import write_report
from letterlab.report.paper import write_pdf


def played(folder, script: str):
    """A browser that does as the script says; `printed` is where it should print to."""
    path = folder / "chromium"
    path.write_text(
        f"#!{sys.executable}\nimport sys, time\n"
        "given = dict(one.partition('=')[::2] for one in sys.argv[1:])\n"
        f"printed = given['--print-to-pdf']\n{script}\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def only_here(tmp_path, monkeypatch):
    """A folder that alone is looked for browsers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_a_report_is_printed(results, tmp_path):
    if not any(map(paper.shutil.which, paper.BROWSERS)):
        pytest.skip("no Chromium here: apt-get install chromium")
    write_report(results, tmp_path / "report.html")
    write_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert b"/Count" in (tmp_path / "report.pdf").read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "report.pdf"]


def test_the_browser_prints_the_page_with_a_profile_of_its_own(only_here, tmp_path):
    played(only_here, "open(printed, 'w').write('\\n'.join(sys.argv[1:]))")
    write_pdf(tmp_path / "a report.html", tmp_path / "report.pdf")
    *options, address = (tmp_path / "report.pdf").read_text().splitlines()
    assert address == (tmp_path / "a report.html").as_uri()
    assert {"--headless=new", "--no-pdf-header-footer"} <= set(options)
    [profile] = [one for one in options if one.startswith("--user-data-dir=")]
    assert str(tmp_path) not in profile
    assert ("--no-sandbox" in options) is (paper.os.geteuid() == 0)


def test_without_a_browser_it_says_what_to_do(only_here, tmp_path):
    with pytest.raises(LetterlabError, match=r"install one, or print .*report\.html from any browser\.$"):
        write_pdf(tmp_path / "report.html", tmp_path / "report.pdf")


def test_a_browser_that_prints_nothing_is_told_with_what_it_said(only_here, tmp_path):
    played(only_here, "sys.stderr.write('first\\nNo usable sandbox!\\n'); sys.exit(1)")
    (tmp_path / "report.pdf").write_bytes(b"earlier")
    with pytest.raises(LetterlabError, match=r"has not printed .*report\.html \(No usable sandbox!\)"):
        write_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    played(only_here, "")
    with pytest.raises(LetterlabError, match="it says nothing"):
        write_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == b"earlier"


def test_a_browser_that_hangs_is_ended(only_here, tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "PATIENCE", 0.5)
    played(only_here, "time.sleep(3600)")
    with pytest.raises(LetterlabError, match=r"within 0\.5 seconds"):
        write_pdf(tmp_path / "report.html", tmp_path / "report.pdf")
