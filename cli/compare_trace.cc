// SPDX-License-Identifier: MIT
//
// halfulp compare --trace: how single results come about, step by step, and where they part.
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/compare_product.h"
#include "cli/trace_text.h"
#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/comparison/in_memory.h"
#include "golden/kernels/result_operands.h"
#include "golden/kernels/trace.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {
namespace {

using kernels::Suspect;
using kernels::Trace;
using kernels::TraceStep;
using tensors::Tensor;

// In the type of GOT.
Tensor tensor_wanted(const CompareCall& call, const Tensor& got) {
  std::vector<Tensor> all = tensors::read(call.want, read_options(call.tensors)).tensors;
  if (all.size() != 1)
    throw Error("holds " + std::to_string(all.size()) + " tensors", call.want,
                "--trace takes a file of one");
  const Tensor want = as_codes_of(std::move(all.front()), got.type.format);
  return comparison::converted(want, {.format = got.type.format, .rounding = {}},
                               emulator::engine());
}

// The first places where the codes differ, NaN for NaN not counted.
std::vector<std::size_t> differing(const Tensor& got, const Tensor& want, std::uint64_t most) {
  const Format& format = got.type.format;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < tensors::element_count(got) && places.size() < most; ++i) {
    const Code x = tensors::code_at(got, i);
    const Code y = tensors::code_at(want, i);
    const bool both_nan =
        classify(format, x) == CodeClass::nan && classify(format, y) == CodeClass::nan;
    if (x != y && !both_nan) places.push_back(i);
  }
  return places;
}

std::string code_and_value(const Format& format, Code code) {
  return code_text(format, code) + " " + shortest_text(format, code);
}

// One product, result by result.
class Tracing {
 public:
  Tracing(const MatrixUnit& unit, const kernels::Order& order,
          const kernels::ProductOperands& operands)
      : operands_(unit, order, operands), dot_(operands_.unit(), emulator::engine()) {}

  struct Line {
    kernels::ResultLine a, b;
    Code c = 0;
    [[nodiscard]] kernels::DotCodes codes() const {
      return {.a = a.codes, .b = b.codes, .c = c, .a_scales = a.scales, .b_scales = b.scales};
    }
  };
  [[nodiscard]] Line line(std::size_t index) const {
    const std::size_t column = index % operands_.columns();
    const std::size_t row = index / operands_.columns() % operands_.rows();
    const std::size_t batch = index / operands_.columns() / operands_.rows();
    return {operands_.row(batch, row), operands_.column(batch, column),
            operands_.c(batch, row, column)};
  }
  // As result number `index` draws its random bits.
  [[nodiscard]] Trace trace(const Line& line, std::size_t index) const {
    const MatrixUnit& unit = operands_.unit();
    const std::size_t terms = kernels::whole_instructions(unit, operands_.terms());
    Random random;
    random.offset = index * draws_per_result(unit.tree, terms);
    return kernels::trace_of(dot_, unit, line.codes(), random);
  }
  [[nodiscard]] const MatrixUnit& unit() const { return operands_.unit(); }

 private:
  kernels::ResultOperands operands_;
  kernels::UnitDot dot_;
};

// A change of what was asked for that makes GOT and leaves the operands as they are.
const Suspect* traceable(const ComparedProduct& product) {
  if (!product.explained) return nullptr;
  for (const kernels::Explanation& one : product.explained->exact) {
    if (one.suspect->handling == kernels::Handling{} && !one.suspect->through) return one.suspect;
  }
  return nullptr;
}

// Where the steps of a change leave those that were asked for.
struct Parting {
  std::size_t step = 0;
  std::optional<TraceStep> asked, made;  // none: that one has no such step
};
std::optional<Parting> parting_of(const Trace& asked, const Trace& made) {
  const std::optional<std::size_t> step = kernels::first_difference(asked, made);
  if (!step) return std::nullopt;
  const auto at = [&](const Trace& trace) {
    return *step < trace.steps.size() ? std::optional(trace.steps[*step]) : std::nullopt;
  };
  return Parting{.step = *step, .asked = at(asked), .made = at(made)};
}

std::string step_text(const std::optional<TraceStep>& step) {
  return !step ? "nothing" : hexadecimal_text(step->rounded) + " (" + step->what + ")";
}
std::string parting_text(const Suspect* suspect, const std::optional<Parting>& parting) {
  if (suspect == nullptr)
    return "where GOT left these steps is not known; --explain may name a change that says it\n";
  const std::string cause = "GOT is made with " + suspect->property + ": " + suspect->what;
  if (!parting) return cause + "; that leaves the steps of this result as they are\n";
  return cause + "; it leaves these steps at step " + std::to_string(parting->step + 1) + ": " +
         step_text(parting->made) + " instead of " + step_text(parting->asked) + "\n";
}

Json step_json(const std::optional<TraceStep>& step) {
  if (!step) return {};
  return {{"what", step->what}, {"rounded", hexadecimal_text(step->rounded)}};
}
Json parting_json(const Suspect* suspect, const std::optional<Parting>& parting) {
  if (suspect == nullptr) return {};
  Json object{{"property", suspect->property}, {"what", suspect->what}};
  object["step"] = parting ? Json(parting->step + 1) : Json();
  object["got"] = parting ? step_json(parting->made) : Json();
  object["asked"] = parting ? step_json(parting->asked) : Json();
  return object;
}

// The result of the steps; what an epilogue makes of it, or another format, is not among them.
std::string outcome_text(const ComparedProduct& product, const MatrixUnit& unit, Code result,
                         Code want) {
  const std::string text = "the steps make " + code_and_value(unit.d, result);
  if (!product.input.order().epilogue.empty()) return text + ", before the epilogue\n";
  if (unit.d.kind != product.got.type.format.kind) return text + "\n";
  return text + (result == want ? ", as WANT has it\n" : ", which is not WANT either\n");
}

}  // namespace

std::string traces_of(const CompareCall& call, const ComparedProduct& product) {
  const ProductInput& input = product.input;
  const Tensor& got = product.got;
  const Tensor want = tensor_wanted(call, got);
  if (want.shape != got.shape)
    throw Error("of another shape than " + call.got, call.want, "are they of one product?");
  const Tracing asked(input.unit(), input.order(), input.operands());
  const Suspect* suspect = traceable(product);
  std::optional<Tracing> made;
  if (suspect != nullptr) made.emplace(suspect->unit, suspect->order, input.operands());
  std::string text;
  for (const std::size_t index : differing(got, want, call.traced)) {
    const Tracing::Line line = asked.line(index);
    const Trace trace = asked.trace(line, index);
    const std::optional<Parting> parting =
        made ? parting_of(trace, made->trace(made->line(index), index)) : std::nullopt;
    const Format& format = got.type.format;
    const Code x = tensors::code_at(got, index);
    const Code y = tensors::code_at(want, index);
    if (call.json) {
      Json object{{"index", index_json(got.shape, index)},
                  {"got", code_text(format, x)},
                  {"got_value", shortest_text(format, x)},
                  {"want", code_text(format, y)},
                  {"want_value", shortest_text(format, y)},
                  {"steps", trace_json(trace)},
                  {"result", code_text(asked.unit().d, trace.result)},
                  {"left", parting_json(suspect, parting)}};
      text += Json{{"trace", object}}.dump() + "\n";
      continue;
    }
    text += "trace of " + tensors::index_text(got.shape, index) + ": got " +
            code_and_value(format, x) + ", want " + code_and_value(format, y) + "\n" +
            trace_text(trace, asked.unit(), line.codes()) +
            outcome_text(product, asked.unit(), trace.result, y) + parting_text(suspect, parting);
  }
  return text;
}

}  // namespace halfulp::cli
