-- The LLMFAO comparisons as a source (docs/annotation-logs.md says how to get
-- them): 124 people compared the responses of 59 language models. No fit uses
-- the two reference judges. `ties`: "drop" or "keep". Paths are relative to the
-- sweep.

local h = require "heed"

local data = "../../shared/data/llmfao/"

local function judge(file)
  return { path = data .. file, pair = "id", choice = "winner" }
end

return function(ties)
  return h.source.log {
    path = data .. "crowd-comparisons.csv",
    columns = {
      user = "worker", pair = "id", choice = "winner",
      model_a = "left", model_b = "right",
    },
    ties = ties,
    references = {
      gpt4 = judge "gpt4-crowd-comparisons.csv",
      gpt3 = judge "gpt3-crowd-comparisons.csv",
    },
  }
end
