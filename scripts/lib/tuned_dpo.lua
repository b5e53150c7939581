-- DPO of log-linear policies with its ridge tuned on held-out noisy labels, so
-- that all losses get the same treatment.

local h = require "heed"

local function dpo(options)
  options.ridge = options.ridge or "tuned"
  options.beta = 1
  return h.trainer.dpo(options)
end

return {
  dpo = dpo,
  sigmoid = dpo { loss = "sigmoid" },
  noise_aware = dpo { loss = "noise_aware" },
}
