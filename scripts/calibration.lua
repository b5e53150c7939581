-- Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788): each
-- replicate draws P_eta's parameters from their hyperprior, then users, then
-- their choices. Under the exact posterior, the rank of a user's true eta is
-- uniform over replicates. Under a wrong prior, or a plug-in posterior (fitted
-- parameters taken as true), it is not.
--
-- One rank per replicate, because users of one crowd share the errors of their
-- posteriors. scripts/calibration.py tests the ranks and makes the tables of
-- docs/experiments/calibration.md.

local h = require "heed"
local rows = require "lib.rows"

local paper = h.user_model.attentive {}

-- Hyperpriors on the free scale. beta: log alpha and log beta. two_point: the
-- log-odds of low, of the position of high between low and 1, and of share.
local beta = { prior = h.distribution.beta {}, nodes = 100,
  center = { 0.7, 0.7 }, spread = { 0.7, 0.7 },
  narrow = { 0.2, 0.2 }, shifted = { 1.7, 0.7 } }
local two_point = { prior = h.distribution.two_point {}, nodes = 400,
  center = { -2, 1.5, 0 }, spread = { 1, 1, 1 },
  narrow = { 0.3, 0.3, 0.3 }, shifted = { -2, 1.5, 1.5 } }

local function bayes(family, center, spread)
  return h.estimator.bayes {
    prior = family.prior, nodes = family.nodes, model = paper,
    center = center or family.center, spread = spread or family.spread,
  }
end
local function em(prior, fit)
  return h.estimator.em { pseudo_users = 0, prior = prior, fit = fit, model = paper }
end

-- A case: a family of users and a method of inference.
local add_case, cases = rows("case", { "drawn", "estimator" })
for _, family in ipairs { beta, two_point } do
  local name = family == beta and "Beta" or "two-point"
  local other = family == beta and two_point or beta
  local drawn = h.distribution.drawn {
    of = family.prior, center = family.center, spread = family.spread,
  }
  local function case(how, estimator)
    add_case(name .. ": " .. how, drawn, estimator)
  end
  case("bayes", bayes(family))
  case("bayes, hyperprior too narrow", bayes(family, nil, family.narrow))
  case("bayes, hyperprior shifted", bayes(family, family.shifted))
  case("bayes, the other family", bayes(other))
  case("em", em(family.prior))
  case("em, grid", em(h.distribution.grid { nodes = 41 }))
  case("uniform prior", em(h.distribution.uniform {}, "fixed"))
  case("moments", h.estimator.moments { prior = h.distribution.beta {}, model = paper })
end
local of = h.rows(cases)

return h.sweep {
  title      = "Simulation-based calibration",
  seed       = 20251022,
  replicates = 400,
  source     = h.source.synthetic {
    pairs = 4000, held_out = 0, mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = 200, annotations = 20, attentiveness = of.drawn, model = paper,
  },
  estimator  = of.estimator,
}
