import assert from "node:assert/strict";
import { isTerminal, mayMove, statesBefore, type TaskState, taskStates } from "../../src/tasks/task-state.ts";

// From (the row) to (the column). x: a legal move.
const matrix = `
                 submitted working input_required auth_required completed failed canceled rejected
submitted        -         x       -              -             -         x      x        x
working          x         -       x              x             x         x      x        x
input_required   x         -       -              -             x         x      x        x
auth_required    x         -       -              -             -         x      x        -
completed        -         -       -              -             -         -      -        -
failed           x         -       -              -             -         -      -        -
canceled         x         -       -              -             -         -      -        -
rejected         x         -       -              -             -         -      -        -`;

const [columns = [], ...rows] = matrix
  .trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/));

describe("The states of a task", () => {
  it("are those of A2A, in lower case", () => {
    assert.deepEqual(columns, [...taskStates]);
    assert.deepEqual(
      rows.map(([from]) => from),
      [...taskStates],
    );
  });

  for (const [from, ...moves] of rows)
    for (const [index, to] of columns.entries()) {
      const isLegal = moves[index] === "x";
      it(`${from} ${isLegal ? "may" : "may not"} become ${to}`, () => {
        assert.equal(mayMove(from as TaskState, to as TaskState), isLegal);
      });
    }

  it("tell where one may come from", () => {
    assert.deepEqual(statesBefore("completed"), ["working", "input_required"]);
    assert.deepEqual(statesBefore("working"), ["submitted"]);
    assert.deepEqual(statesBefore("canceled"), ["submitted", "working", "input_required", "auth_required"]);
    const beforeSubmitted = ["working", "input_required", "auth_required", "failed", "canceled", "rejected"];
    assert.deepEqual(statesBefore("submitted"), beforeSubmitted);
  });

  it("end in four, which are left only to be done again", () => {
    assert.deepEqual(taskStates.filter(isTerminal), ["completed", "failed", "canceled", "rejected"]);
  });
});
