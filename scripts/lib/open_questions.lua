-- The arms that the sweeps of the open questions share (adversarial, biased,
-- covariate, minority, states, topics).
--
-- Each sweep compares a user model of one more effect with the paper's model.
-- Both models see the same annotations; an arm is an estimator, a filter and a
-- trainer.

local h = require "heed"
local rows = require "lib.rows"
local tuned = require "lib.tuned_dpo"

local grid = h.distribution.grid { nodes = 41 }
local everyone = h.filter.none {}
local half = h.filter.top { share = 0.5, by = "labels" }

-- The paper's user model, fitted.
local function paper(mu)
  return h.estimator.em {
    pseudo_users = 0,
    mu = mu, prior = grid, model = h.user_model.attentive {},
  }
end

-- joint on its own nodes: a finer grid gives the same result and takes longer.
local function joint(nodes)
  return tuned.dpo { loss = "joint", prior = h.distribution.grid(nodes) }
end

-- The function that adds an arm, and the table of arms for h.rows.
local function arms()
  return rows("arm", { "estimator", "filter", "trainer" })
end

-- Arms of the paper's model and of right(mu). em knows the gap, or p of each
-- pair, as from a reward model. For each of the two, this calls `more`, if
-- given, with mu and the function that names its arms.
local function compare(arm, right, more)
  for _, mu in ipairs { "known", "pair" } do
    local function told(name)
      return mu == "pair" and name .. ", told p" or name
    end
    local as_paper, as_right = paper(mu), right(mu)
    arm(told "paper's model: top half", as_paper, half, tuned.sigmoid)
    arm(told "right model: top half", as_right, half, tuned.sigmoid)
    arm(told "paper's model: noise_aware", as_paper, everyone, tuned.noise_aware)
    arm(told "right model: noise_aware", as_right, everyone, tuned.noise_aware)
    if more then more(mu, told) end
  end
end

-- The bounds: arms that know each user's true eta.
local function oracle(arm, truth)
  arm("oracle eta: top half", truth, half, tuned.sigmoid)
  arm("oracle eta: noise_aware", truth, everyone, tuned.noise_aware)
end

return {
  grid = grid,
  everyone = everyone,
  half = half,
  sigmoid = tuned.sigmoid,
  noise_aware = tuned.noise_aware,
  joint = joint,
  paper = paper,
  arms = arms,
  compare = compare,
  oracle = oracle,
}
