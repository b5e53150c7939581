-- Figure 6 with more features: from which number of features on does keeping
-- fewer users cost win rate?
--
-- With few features, a thousand labels are enough for a policy, and casual
-- labels only make it less sharp. With many features, labels are scarce: too
-- small a share leaves too few. Labels that are held out tune the ridge of every
-- share.
--
-- scripts/features.py makes the tables of docs/experiments/figure6.md.

local h = require "heed"
local shapes = require "lib.eta_shapes"
local tuned = require "lib.tuned_dpo"

return h.sweep {
  title      = "Figure 6 with more features",
  seed       = 20261130,
  replicates = 20,
  source     = h.source.synthetic {
    pairs = 2000, prompts = 1000, held_out = 300, cosine = 0.7,
    mu = h.axis { "gap", 0.60, 0.74, 0.98, doc = "how often an attentive user prefers A" },
    features = h.axis { "features", 8, 32, 128, 256, doc = "features of a response" },
  },
  users      = {
    count = 100, annotations = 20, holdout = 0.2,
    attentiveness = h.axis { "eta", shapes.two_point, shapes.beta },
    model = h.user_model.attentive {},
  },
  estimator  = h.estimator.em {
    mu = "known",
    prior = h.distribution.grid { nodes = 41 },
    model = h.user_model.attentive {},
  },
  filter     = h.filter.top {
    share = h.axis { "share", h.linspace(0.1, 1.0, 10), doc = "share of users kept" },
  },
  trainer    = tuned.sigmoid,
}
