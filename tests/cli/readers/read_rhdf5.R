# SPDX-License-Identifier: GPL-3.0-or-later
# Reads every value of the sample by its labels, with Bioconductor's rhdf5.
#
#   Rscript read_rhdf5.R FILE
#
# R is column-major: dimensions come in reverse.
library(rhdf5)

bits <- function(value)
  if (is.nan(value)) "nan" else paste(writeBin(value, raw(), endian = "big"), collapse = "")

path <- commandArgs(TRUE)[1]
stopifnot(identical(as.vector(h5read(path, "users/name"))[1:3],
                    c("ann", "bob, the \"second\"", "c\u00e9line")))

mu <- h5read(path, "mu")
eta <- h5read(path, "eta")
replicate <- h5read(path, "replicate")
along <- list(win_rate_at_kl = "kl", agreement = "judge")

for (name in c("win_rate", "win_rate_at_kl", "agreement", "fit_time", "kl_metric")) {
  labels <- if (is.null(along[[name]])) "-" else h5read(path, along[[name]])
  values <- array(h5read(path, name),
                  c(length(labels), length(replicate), length(eta), length(mu)))
  for (i in seq_along(mu)) for (j in seq_along(eta))
    for (k in seq_along(replicate)) for (n in seq_along(labels))
      cat(name, format(mu[i]), eta[j], replicate[k], format(labels[n]),
          paste0(bits(values[n, k, j, i]), "\n"), sep = "\t")
}
