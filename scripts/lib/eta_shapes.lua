-- Shapes of P_eta: the paper's three and three more, and their labels.

local h = require "heed"

local two_point = h.distribution.two_point {
  low = 0.1, high = 0.9, share = 0.5, label = "two-point .1/.9",
}
local beta = h.distribution.beta { alpha = 2, beta = 2, label = "Beta(2, 2)" }

return {
  two_point = two_point,
  beta = beta,
  six = {
    two_point,
    h.distribution.two_point { low = 0, high = 1, share = 0.3, label = "two-point 0/1, 30 %" },
    h.distribution.beta { alpha = 0.5, beta = 0.5, label = "Beta(.5, .5)" },
    beta,
    h.distribution.gaussian { mean = 0.5, sd = 0.2, label = "Gaussian(.5, .2)" },
    h.distribution.beta { alpha = 1, beta = 3, label = "Beta(1, 3)" },
  },
}
