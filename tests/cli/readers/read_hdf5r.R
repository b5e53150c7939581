# SPDX-License-Identifier: GPL-3.0-or-later
# Reads every value of the sample by its labels, with R's hdf5r.
#
#   Rscript read_hdf5r.R FILE
#
# R is column-major: dimensions come in reverse.
library(hdf5r)

bits <- function(value)
  if (is.nan(value)) "nan" else paste(writeBin(value, raw(), endian = "big"), collapse = "")

file <- H5File$new(commandArgs(TRUE)[1], mode = "r")
stopifnot(h5attr(file, "title") == "A sample")
stopifnot(h5attr(file[["fit_time"]], "units") == "s")
stopifnot(identical(file[["users/name"]][1:3], c("ann", "bob, the \"second\"", "c\u00e9line")))

mu <- file[["mu"]][]
eta <- file[["eta"]][]
replicate <- file[["replicate"]][]
along <- list(win_rate = NULL, win_rate_at_kl = "kl", agreement = "judge",
              fit_time = NULL, kl_metric = NULL)

for (name in c("win_rate", "win_rate_at_kl", "agreement", "fit_time", "kl_metric")) {
  labels <- if (is.null(along[[name]])) "-" else file[[along[[name]]]][]
  values <- array(file[[name]]$read(),
                  c(length(labels), length(replicate), length(eta), length(mu)))
  for (i in seq_along(mu)) for (j in seq_along(eta))
    for (k in seq_along(replicate)) for (n in seq_along(labels))
      cat(name, format(mu[i]), eta[j], replicate[k], format(labels[n]),
          paste0(bits(values[n, k, j, i]), "\n"), sep = "\t")
}
file$close_all()
