// SPDX-License-Identifier: MIT
//
// The compiled half of the Python module: what works on arrays and on single numbers, in this
// process. It converts arguments and nothing else; names and options are read by the program's own
// parser, and the libraries do the rest. Python's half (python/halfulp) makes arrays of plain types
// of what users bring.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>

#include <exception>

#include "cli/verb.h"
#include "emulator/instruction_set.h"
#include "formats/error.h"
#include "python/engine/calculation.h"
#include "python/engine/product.h"
#include "python/engine/quantizer.h"

namespace halfulp::python {
namespace {

void register_errors() {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
  });
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): as nanobind hands arguments over
NewArray gemm(CodedArray a, CodedArray b, std::optional<CodedArray> c,
              std::optional<CodedArray> bias, std::vector<CodedArray> a_scales,
              std::vector<CodedArray> b_scales, const std::vector<std::string>& words) {
  return multiply({.a = std::move(a),
                   .b = std::move(b),
                   .c = std::move(c),
                   .bias = std::move(bias),
                   .a_scales = std::move(a_scales),
                   .b_scales = std::move(b_scales)},
                  words);
}

}  // namespace
}  // namespace halfulp::python

NB_MODULE(_engine, module) {
  using namespace halfulp::python;
  using namespace nanobind::literals;
  module.doc() = "Arrays and numbers through the engines of halfulp; use the module halfulp.";
  register_errors();
  module.attr("version") = HALFULP_VERSION;
  module.def("instruction_set", &halfulp::emulator::instruction_set,
             "The processor's instructions that the kernels were chosen for.");

  nb::class_<WordedQuantizer>(
      module, "Quantizer", "A format and how it is rounded to, by the words of `halfulp quantize`.")
      .def(nb::init<const std::vector<std::string>&>(), "words"_a)
      .def("json", &WordedQuantizer::json)
      .def_prop_ro("element", &WordedQuantizer::element)
      .def_prop_ro("levels", &WordedQuantizer::levels)
      .def("is_wide", &WordedQuantizer::is_wide, "wide"_a)
      .def("quantize", &WordedQuantizer::quantize, "rows"_a, "out"_a, "shape"_a)
      .def("codes", &WordedQuantizer::codes, "array"_a, "axis"_a)
      .def("dequantize", &WordedQuantizer::dequantize, "codes"_a, "scales"_a, "zero_points"_a,
           "out"_a)
      .def("round_number", &WordedQuantizer::round_number, "token"_a, "index"_a);

  nb::class_<WordedCalculation>(module, "Calculation",
                                "An operation, by the words of `halfulp op`.")
      .def(nb::init<const std::string&, const std::vector<std::string>&>(), "operation"_a,
           "words"_a)
      .def_prop_ro("inputs", &WordedCalculation::inputs)
      .def_prop_ro("output", &WordedCalculation::output)
      .def("compute", &WordedCalculation::compute, "operands"_a, "out"_a, "flags"_a.none())
      .def("compute_numbers", &WordedCalculation::compute_numbers, "tokens"_a, "index"_a);

  module.def("element_type", &element_type, "text"_a,
             "The name of a format as a type of elements, the bytes that one takes, and the bits "
             "of its code.");
  module.def("safetensors_type", &safetensors_type, "name"_a,
             "The type of elements that safetensors has a name for.");
  module.def("axis_of", &axis_of, "shape"_a, "axis"_a);
  module.def("from_dlpack", &from_dlpack, "array"_a,
             "Type, shape and bytes of an array on the host, without a copy.");
  module.def("gemm", &gemm, "a"_a, "b"_a, "c"_a.none(), "bias"_a.none(), "a_scales"_a, "b_scales"_a,
             "words"_a, "A product of matrices, by the words of `halfulp gemm`.");
}
