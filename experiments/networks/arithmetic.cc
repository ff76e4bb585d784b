// SPDX-License-Identifier: MIT
#include "experiments/networks/arithmetic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "experiments/policy/block_scales.h"
#include "experiments/policy/operand_pairs.h"
#include "experiments/policy/uses.h"
#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

DotUnit unit_of(const PlaceRecord& record, Carrier native) {
  DotUnit unit;
  unit.native = native;
  if (record.is_native()) return unit;
  const QuantizerRule* rule = quantizer_rule_of(record.rules.front());
  HALFULP_REQUIRE(rule != nullptr && record.rules.size() == 1, "an accumulator is one format");
  return dot_unit_of(*rule);
}

}  // namespace

PlaceNumber PlaceList::add(const std::string& layer, const std::string& op, const std::string& use,
                           PlaceKind kind, std::size_t columns) {
  places_.push_back({.name = layer.empty() ? op + "/" + use : layer + "/" + op + "/" + use,
                     .layer = layer,
                     .op = op,
                     .use = use,
                     .kind = kind,
                     .columns = columns});
  return places_.size() - 1;
}

template <typename Real>
Arithmetic<Real>::Arithmetic(const Machine& machine, const LayeredPolicy& policy)
    : machine_(&machine), policy_(&policy), counts_(policy.places->size()) {
  HALFULP_REQUIRE(policy.native == carrier_of<Real>, "numbers are in the policy's carrier");
  const bool single = policy.native == Carrier::binary32;
  native_ = machine.engine->prepare(
      {.format = {single ? "binary32" : "binary64", single ? ieee(8, 23) : ieee(11, 52)},
       .rounding = {}},
      {});
  begin({});
}

template <typename Real>
void Arithmetic<Real>::begin(const Moment& moment, Purpose purpose, std::uint64_t worker) {
  const std::uint64_t phases = policy_->phases_at(moment);
  const auto [entry, is_new] = prepared_.try_emplace(phases);
  if (is_new) {
    entry->second.records = policy_->records_of(phases);
    if (std::popcount(phases) > 1)
      require_pairs(entry->second.records, *policy_->places,
                    [](std::size_t) { return std::string("/policy/phases"); });
    entry->second.rounders.resize(policy_->places->size());
    entry->second.units.resize(policy_->places->size());
  }
  current_ = &entry->second;
  step_ = moment.step;
  worker_ = worker;
  purpose_ = purpose;
}

template <typename Real>
void Arithmetic<Real>::count(bool wanted) {
  counting_ = wanted;
  if (wanted) std::fill(counts_.begin(), counts_.end(), Counts());
}

// Rule `which` of a place has a stream to itself.
template <typename Real>
Random Arithmetic<Real>::random_at(PlaceNumber place, std::size_t which) const {
  const NamedPlace& named = (*policy_->places)[place];
  std::string use = named.op + "/" + named.use;
  if (which > 0) use += "/" + std::to_string(which);
  return random_named(named, std::move(use));
}

template <typename Real>
Random Arithmetic<Real>::random_named(const NamedPlace& place, std::string use) const {
  if (purpose_ == Purpose::validation) use += "/validation";
  if (worker_ > 0) use += "/worker " + std::to_string(worker_);
  return machine_->random(place.layer, use, step_);
}

template <typename Real>
void Arithmetic<Real>::round(PlaceNumber place, Matrix<Real>& x) {
  Counts* counts = counting_ ? &counts_[place] : nullptr;
  if (!current_->records[place].transform.is_none()) return round_transformed(place, x, counts);
  auto& rounders = current_->rounders[place];
  if (!rounders) {
    rounders.emplace();
    for (const Rule& rule : current_->records[place].rules)
      rounders->emplace_back(*machine_->engine, rule, carrier_of<Real>);
  }
  for (std::size_t k = 0; k < rounders->size(); ++k) {
    const MutableView view = view_of(x);
    (*rounders)[k].apply(as_const(view), random_at(place, k), view, counts);
  }
  note_nonfinite(place, x);
}

template <typename Real>
void Arithmetic<Real>::round_transformed(PlaceNumber place, Matrix<Real>& x, Counts* counts) {
  const NamedPlace& named = (*policy_->places)[place];
  const PlaceRecord& at = current_->records[place];
  const Hadamard& hadamard = at.transform.hadamard;
  TransformInput input{.elements = random_at(place, 0), .signs = {}, .step = step_};
  if (hadamard.block > 1) {
    if (x.cols() % hadamard.block != 0)
      throw Error("rows of " + std::to_string(x.cols()) + " numbers at the place " + named.name +
                      " are no whole blocks of a Hadamard matrix of " +
                      std::to_string(hadamard.block),
                  "", "give a \"hadamard\" that divides the length of the sum");
    const auto pass = static_cast<std::size_t>(pass_of(named).value_or(Pass::forward));
    input.signs = random_named(named, named.op + "/signs." + pass_names()[pass]);
  }
  if (at.transform.normalize.kind == Normalization::Kind::delayed)
    input.history = &histories_.at(place);
  if (at.transform.running_range > 0.0) input.range = &ranges_.at(place);
  input.observes = purpose_ == Purpose::training;
  auto found = current_->transformed.find(place);
  if (found == current_->transformed.end())
    found =
        current_->transformed.try_emplace(place, *machine_->engine, at.rules.front(), at.transform)
            .first;
  found->second.apply(x, input, counts);
  note_nonfinite(place, x);
}

template <typename Real>
std::vector<double> Arithmetic<Real>::block_scales(PlaceNumber place, const BlockRule& rule,
                                                   const Matrix<Real>& x) const {
  const BlockPlan plan =
      machine_->engine->prepare_block(rule.format, {.carrier = carrier_of<Real>});
  Matrix<Real> rounded = x;
  BlockCodes codes;
  machine_->engine->quantize(view_of(x), plan, random_of_blocks(random_at(place, 0), rule),
                             view_of(rounded), &codes, nullptr);
  return scales_of(rule.format, codes, static_cast<std::size_t>(x.rows()),
                   static_cast<std::size_t>(x.cols()));
}

template <typename Real>
double Arithmetic<Real>::operand_bits(PlaceNumber place) const {
  const PlaceRecord& at = record(place);
  if (!at.is_native()) {
    const Rule& last = at.rules.back();
    if (const QuantizerRule* quantized = quantizer_rule_of(last))
      return bits(quantized->quantizer.format);
    if (const BlockRule* blocks = blocks_of(last)) return bits(blocks->format.element.format);
  }
  return 8.0 * sizeof(Real);
}

template <typename Real>
void Arithmetic<Real>::note_nonfinite(PlaceNumber place, const Matrix<Real>& x) {
  if (nonfinite_ || purpose_ != Purpose::training) return;
  // x - x is 0 of every finite number and NaN of all others.
  bool all_finite = true;
  for (Eigen::Index i = 0; i < x.size(); ++i)
    all_finite = all_finite && x.data()[i] - x.data()[i] == Real{0};
  if (!all_finite) nonfinite_ = Nonfinite{.step = step_, .place = place};
}

template <typename Real>
const DotPlan& Arithmetic<Real>::unit_at(PlaceNumber accumulator) {
  auto& unit = current_->units[accumulator];
  if (!unit)
    unit = machine_->engine->prepare_dot(unit_of(current_->records[accumulator], carrier_of<Real>),
                                         {.carrier = carrier_of<Real>});
  return *unit;
}

template <typename Real>
void Arithmetic<Real>::product(PlaceNumber accumulator, const Matrix<Real>& a,
                               const Matrix<Real>& b, Matrix<Real>& out) {
  out.resize(a.rows(), b.cols());
  Random random = random_at(accumulator, 0);
  const PlaceRecord& record = current_->records[accumulator];
  if (!record.is_native()) random.generator = quantizer_rule_of(record.rules.front())->generator;
  machine_->engine->multiply(view_of(a), view_of(b), unit_at(accumulator), random, view_of(out));
  note_nonfinite(accumulator, out);
}

template <typename Real>
Matrix<Real> Arithmetic<Real>::row_sums(PlaceNumber accumulator, const Matrix<Real>& x) {
  if (current_->records[accumulator].is_native()) return experiments::row_sums(x);
  Matrix<Real> sums;
  product(accumulator, x, Matrix<Real>::Ones(x.cols(), 1), sums);
  return sums;
}

template <typename Real>
Matrix<Real> Arithmetic<Real>::map(Op op, const Matrix<Real>& x) {
  Matrix<Real> out(x.rows(), x.cols());
  const std::array operands{view_of(x)};
  machine_->engine->map(op, operands, native_, {}, view_of(out), nullptr);
  return out;
}

template <typename Real>
Matrix<Real> Arithmetic<Real>::map(Op op, const Matrix<Real>& x, const Matrix<Real>& y) {
  Matrix<Real> out(x.rows(), x.cols());
  const std::array operands{view_of(x), view_of(y)};
  machine_->engine->map(op, operands, native_, {}, view_of(out), nullptr);
  return out;
}

template class Arithmetic<float>;
template class Arithmetic<double>;

}  // namespace halfulp::experiments
