#!/usr/bin/env python3
"""Prints the tables of docs/experiments/{adversarial,minority,biased,covariate,
states,topics}.md from the results of the sweeps with these names.

    python3 scripts/open_questions.py results/NAME.h5 [results/NAME.tsv]

Each result has the axes gap, user_count, arm and an axis of worlds, the first of
which is the paper's. Arms are named `MODEL: USE`: the model that inferred
attentiveness, and its use. Arms with the same use are compared within replicates
(scripts/paired.py). Gains of a model over the paper's are printed for every crowd,
everything else for the largest. The second argument names the output for
scripts/intervals.gnuplot: these gains in the largest crowd, where EM knows only the
gap.
"""
import sys

from paired import Cube, difference, interval, level, table, write_intervals

KL = 1.0  # at which win rates are matched
PAPER = "paper's model"
RIGHT = "right model"


class Question(Cube):
    """The result of one of the sweeps. Values of an arm are (gap, crowd, world,
    replicate)."""

    def __init__(self, path):
        super().__init__(path)
        axes = [d[0].name.strip("/") for d in self.file["win_rate"].dims]
        (world,) = set(axes) - {"gap", "user_count", "arm", "replicate"}
        self.axes = ["gap", "user_count", world, "arm", "replicate"]
        self.gap, self.crowd, self.world, self.arm = map(self.labels, self.axes[:4])
        self.gap = [f"{g:g}" for g in self.gap]
        self.crowd = [f"{c:g}" for c in self.crowd]
        self.world = [w if isinstance(w, str) else f"{w:g}" for w in self.world]
        self.win_rate = {"raw": self.of("win_rate"),
                         f"at KL = {KL:g}": self.of("win_rate_at_kl", kl=KL)}

    def one(self, values, arm):
        return values[..., self.arm.index(arm), :]

    def rivals(self):
        """Models that infer attentiveness, except the paper's."""
        models = dict.fromkeys(a.split(": ")[0] for a in self.arm if ": " in a)
        return [m for m in models if m not in (PAPER, "oracle eta")]

    def uses(self, model):
        """The uses that a model and the paper's model have in common."""
        both = [a.split(": ")[1] for a in self.arm if a.startswith(PAPER + ": ")]
        return [use for use in both if f"{model}: {use}" in self.arm]

    def gain(self, values, model, use):
        """Gain of a model over the paper's."""
        return self.one(values, f"{model}: {use}") - self.one(values, f"{PAPER}: {use}")


def by_world(of, head, rows):
    """Prints a table with one column per world. A row is its first cells, its values
    (world, replicate), and the function that formats them."""
    table(head + of.world, [first + [write(interval(v)) for v in values]
                            for first, values, write in rows])


def gains_over_the_paper(of):
    for kind, values in of.win_rate.items():
        print(f"### Win rate {kind}: gain over the paper's model, same use\n")
        by_world(of, ["μ", "users", "model", "use"], [
            [[gap, crowd, model, use], of.gain(values, model, use)[g, c], difference]
            for g, gap in enumerate(of.gap) for c, crowd in enumerate(of.crowd)
            for model in of.rivals() for use in of.uses(model)])


def gains_over_all_labels(of):
    for kind, values in of.win_rate.items():
        print(f"### Win rate {kind}: gain over all labels, {of.crowd[-1]} users\n")
        rows = []
        for g, gap in enumerate(of.gap):
            everyone = of.one(values, "all labels")[g, -1]
            rows.append([[gap, "win rate of all labels"], everyone, level])
            rows += [[[gap, arm], of.one(values, arm)[g, -1] - everyone, difference]
                     for arm in of.arm if arm != "all labels"]
        by_world(of, ["μ", "arm"], rows)


def attentiveness(of):
    told = [u.removeprefix("noise_aware") for u in of.uses(RIGHT)
            if u.startswith("noise_aware")]
    for metric, name in (("eta_rmse", "Root mean square error of η̂"),
                         ("eta_correlation", "Correlation of η and η̂")):
        print(f"### {name}, {of.crowd[-1]} users\n")
        values = of.of(metric)
        rows = []
        for g, gap in enumerate(of.gap):
            for what in told:
                use = "noise_aware" + what
                rows += [[[gap, model + what], of.one(values, f"{model}: {use}")[g, -1],
                          level] for model in (PAPER, RIGHT)]
                rows.append([[gap, "difference"],
                             of.gain(values, RIGHT, use)[g, -1], difference])
        by_world(of, ["μ", "model"], rows)


def labels_kept(of):
    print(f"### Share of labels that name the better response, {of.crowd[-1]} users\n")
    values = of.of("label_accuracy")
    arms = ["all labels"] + [a for a in of.arm if ": top half" in a]
    by_world(of, ["μ", "labels"], [
        [[gap, arm], of.one(values, arm)[g, -1], level]
        for g, gap in enumerate(of.gap) for arm in arms])


def named(of, world):
    """The label of a world in a figure."""
    is_number = world.lstrip("-").replace(".", "", 1).isdigit()
    return f"{of.axes[2]} {world}" if is_number else world


def write_figure(of, path):
    models = of.rivals()
    write_intervals(path, [
        (f"μ = {gap}, {kind}", named(of, world),
         use if len(models) == 1 else f"{model}: {use}",
         interval(of.gain(values, model, use)[g, -1, w]))
        for kind, values in of.win_rate.items() for g, gap in enumerate(of.gap)
        for w, world in enumerate(of.world)
        for model in models for use in of.uses(model) if "told" not in use])


def main(path, tsv_path=None):
    of = Question(path)
    print(f"{of.win_rate['raw'].shape[-1]} replicates.\n")
    gains_over_the_paper(of)
    gains_over_all_labels(of)
    attentiveness(of)
    labels_kept(of)
    if tsv_path is not None:
        write_figure(of, tsv_path)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
