-- A real language model: SmolLM2-135M, with an instruction to be cheerful, and a
-- worse version (high temperature, no instruction) answer prompts. A sentiment
-- lexicon decides which answer is better. 60 % of the users toss a coin. EM
-- infers who reads, and DPO trains an adapter on the kept labels. Win rates use
-- a different lexicon than the users.
--
--   scripts/fetch-model.sh scripts/llm && scripts/fetch-lexicons.sh scripts/llm
--   heed run scripts/llm.lua -j 1 -o results/llm.h5
--
-- It takes 40 minutes on two cores and resumes after a stop. All arms share the
-- same answers, and cells differ only in the arm, so arms are paired by prompt.
-- scripts/llm.py makes the tables of docs/experiments/llm.md.

local h = require "heed"
local rows = require "lib.rows"

local model = "llm/SmolLM2-135M-Instruct.Q4_1.gguf"
local cheerful = "You are warm and cheerful, and full of praise."

local em = h.estimator.em {
  pseudo_users = 0,
  mu = "known",
  prior = h.distribution.grid { nodes = 41 },
  model = h.user_model.attentive {},
}
local everyone = h.filter.none {}
local function dpo(options)
  options.model = model
  options.system = cheerful
  options.beta = 0.1
  options.rate = 4e-4
  options.batch = 4
  options.warm_up = 8
  options.max_tokens = 48
  return h.trainer.dpo_llm(options)
end
local sigmoid = dpo { loss = "sigmoid" }

local arm, arms = rows("arm", { "estimator", "filter", "trainer" })

arm("unfiltered", em, everyone, sigmoid)
arm("top 50 %", em, h.filter.top { share = 0.5, by = "labels" }, sigmoid)
arm("noise_aware", em, everyone, dpo { loss = "noise_aware" })
arm("joint", em, everyone, dpo { loss = "joint" })
arm("oracle labels", h.estimator.constant {}, everyone,
    dpo { loss = "sigmoid", labels = "better" })

local of = h.rows(arms)

return h.sweep {
  title        = "A language model learns from users of whom 60 % toss coins",
  seed         = 20251125,
  replicates   = 1,
  blas_threads = 2,
  keep         = { "users", "selection", "policy", "responses" },
  source       = h.source.llm {
    prompts = "llm/prompts.jsonl",
    pairs = 240,
    held_out = 280,
    max_tokens = 48,
    a = { model = model, system = cheerful },
    b = { temperature = 1.5 },
    judge = { kind = "lexicon", lexicon = "llm/vader_lexicon.txt" },
    second_judge = { kind = "lexicon", lexicon = "llm/AFINN-111.txt" },
  },
  users        = {
    count = 60,
    annotations = 20,
    assignment = "overlapping",
    attentiveness = h.distribution.two_point { low = 0, high = 0.9, share = 0.4 },
    model = h.user_model.attentive {},
  },
  estimator    = of.estimator,
  filter       = of.filter,
  trainer      = of.trainer,
}
