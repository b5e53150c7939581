% SPDX-License-Identifier: GPL-3.0-or-later
% Reads every value of the sample by its labels, with Octave alone.
%
%   octave --no-gui --quiet read_octave.m FILE
%
% Octave is column-major: dimensions come in reverse.  It reads no texts of
% variable length, so what to load is named, and labels come from the group
% "labels".

path = argv(){end};
cube = load("-hdf5", path, "labels", "mu", "kl", "replicate", "win_rate", ...
            "win_rate_at_kl", "agreement", "fit_time", "kl_metric");
eta = cellstr(char(cube.labels.eta'));
judge = cellstr(char(cube.labels.judge'));
kl = arrayfun(@(x) sprintf("%g", x), cube.kl, "UniformOutput", false);
metrics = {"win_rate", {"-"}; "win_rate_at_kl", kl; "agreement", judge; ...
           "fit_time", {"-"}; "kl_metric", {"-"}};

for m = 1:rows(metrics)
  name = metrics{m, 1};
  labels = metrics{m, 2};
  values = reshape(cube.(name), numel(labels), numel(cube.replicate), ...
                   numel(eta), numel(cube.mu));
  for i = 1:numel(cube.mu)
    for j = 1:numel(eta)
      for k = 1:numel(cube.replicate)
        for n = 1:numel(labels)
          value = values(n, k, j, i);
          bits = "nan";
          if (! isnan(value))
            bits = num2hex(value);
          endif
          printf("%s\t%g\t%s\t%d\t%s\t%s\n", name, cube.mu(i), eta{j}, ...
                 cube.replicate(k), labels{n}, bits);
        endfor
      endfor
    endfor
  endfor
endfor
