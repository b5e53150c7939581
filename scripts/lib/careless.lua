-- Seven shapes of P_eta for scripts/careless.lua and scripts/careless_models.lua.
-- A user is careless below .5. "Few careless": a tenth; "alike": nobody.
--
-- Returns the columns of h.rows with a case for each shape and estimator. `estimators`
-- takes P_eta and returns a list of { name, estimator }.

local h = require "heed"
local rows = require "lib.rows"

local laws = {
  { "two points", h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 } },
  { "Beta(2, 2)", h.distribution.beta { alpha = 2, beta = 2 } },
  { "Beta(.5, .5)", h.distribution.beta { alpha = 0.5, beta = 0.5 } },
  { "gaussian", h.distribution.gaussian { mean = 0.6, sd = 0.2 } },
  { "uniform", h.distribution.uniform {} },
  { "few careless", h.distribution.two_point { low = 0.1, high = 0.9, share = 0.9 } },
  { "alike", h.distribution.beta { alpha = 90, beta = 10 } },
}

return function(estimators)
  local add, cases = rows("case", { "law", "estimator" })
  for _, law in ipairs(laws) do
    for _, case in ipairs(estimators(law[2])) do
      add(law[1] .. ": " .. case[1], law[2], case[2])
    end
  end
  return h.rows(cases)
end
