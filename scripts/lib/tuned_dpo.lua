-- DPO of log-linear policies. It tunes the ridge on held-out noisy labels, the
-- same way for all losses.

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
