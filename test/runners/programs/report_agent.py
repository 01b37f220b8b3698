"""A process agent as people write them: one run for one task, JSON lines on standard output, notes in its session."""

import argparse
import json
import os
import sys
from pathlib import Path


def say(**line):
    print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--session", required=True)
    parser.add_argument("--task", required=True)
    parser.add_argument("--model", default="")
    arguments = parser.parse_args()

    assignment = json.loads(sys.stdin.readline())
    session = Path(os.environ["HOOKYARD_SESSION_DIR"])
    described = json.loads((session / "SESSION.json").read_text())

    say(type="session", session_id=f"py-{arguments.session}")
    say(type="progress", percent=50)
    note = session / "workers" / "notes" / f"{assignment['task']['id']}.md"
    note.write_text(f"# {arguments.task}\n")
    say(type="artifact", name="report.md", content_type="text/markdown", content=note.read_text())
    say(type="artifact", name="../bad\u0000", content="x")
    say(type="usage", input_tokens=11, output_tokens=7, cost_usd=0.001)
    say(
        type="result",
        result={
            "task": arguments.task,
            "model": arguments.model,
            "status": described["status"],
            "trust": assignment["task"]["data"]["trust"],
            "notes": len(list(note.parent.iterdir())),
        },
    )


main()
