// SPDX-License-Identifier: MIT
//
// Policies of one document, run as the points of a sweep of whole policies, each only once.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "experiments/blame/options.h"
#include "experiments/blame/parts.h"
#include "formats/engine.h"
#include "formats/json.h"

namespace halfulp::experiments {

// metric -> its value in every repeat; without those that do not apply.
using Measurements = std::map<std::string, std::vector<double>>;

class VariantRuns {
 public:
  // document: resolved. All outlive it.
  VariantRuns(const Json& document, const PolicyParts& parts, const Engine& engine,
              const BlameOptions& options);

  // Runs those that have not been run, together. stage: what they are, for people. file: the name
  // of their result in the folder. Throws Error where a run fails, and Stopped.
  void run(const std::vector<LowParts>& variants, const std::string& stage,
           const std::string& file);
  // Precondition: it has been run.
  [[nodiscard]] const Measurements& at(const LowParts& variant) const { return known_.at(variant); }
  [[nodiscard]] std::size_t count() const { return known_.size(); }

 private:
  const Json& document_;
  const PolicyParts& parts_;
  const Engine& engine_;
  const BlameOptions& options_;
  std::map<LowParts, Measurements> known_;
};

}  // namespace halfulp::experiments
