// SPDX-License-Identifier: MIT
//
// What a format is, and how one of its numbers is rounded to another.
#include <nlohmann/json.hpp>
#include <string>

#include "capi/codes.h"
#include "capi/handles.h"
#include "capi/status.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/words/explanation.h"
#include "golden/words/format_facts.h"

namespace halfulp::capi {
namespace {

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Words>
halfulp_status explain(const halfulp_quantizer* quantizer, const halfulp_format* from,
                       halfulp_code code, char* buffer, std::size_t size, std::size_t* length,
                       halfulp_error* error, const Words& words) {
  return answered(error, [&] {
    require(quantizer, "quantizer");
    require(from, "from");
    words::ExplainReport report;
    report.from = from->format;
    report.code = code_of(*from, code, "code");
    report.input = code_text(*report.from, report.code);
    report.quantizer = {.format = quantizer->format.format, .rounding = quantizer->rounding};
    const Real x = real(decode(*report.from, report.code));
    words::require_explainable(x);
    const bool subnormal = classify(*report.from, report.code) == CodeClass::subnormal;
    report.found = reference::explain(x, report.quantizer, subnormal);
    write_text(words(report), buffer, size, length);
  });
}

}  // namespace
}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_status halfulp_explain(const halfulp_quantizer* quantizer, const halfulp_format* from,
                               halfulp_code code, char* buffer, size_t size, size_t* length,
                               halfulp_error* error) {
  return capi::explain(quantizer, from, code, buffer, size, length, error,
                       [](const halfulp::words::ExplainReport& report) { return text_of(report); });
}
halfulp_status halfulp_explain_json(const halfulp_quantizer* quantizer, const halfulp_format* from,
                                    halfulp_code code, char* buffer, size_t size, size_t* length,
                                    halfulp_error* error) {
  return capi::explain(
      quantizer, from, code, buffer, size, length, error,
      [](const halfulp::words::ExplainReport& report) { return capi::dumped(json_of(report)); });
}

halfulp_status halfulp_format_json(const halfulp_format* format, char* buffer, size_t size,
                                   size_t* length, halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(format, "format");
    capi::write_text(
        capi::dumped(json_of(format->format, halfulp::words::facts_of(format->format))), buffer,
        size, length);
  });
}
