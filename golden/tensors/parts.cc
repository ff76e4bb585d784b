// SPDX-License-Identifier: MIT
#include "golden/tensors/parts.h"

#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/engine.h"
#include "formats/error.h"
#include "formats/files/safetensors_layout.h"
#include "formats/output_file.h"
#include "golden/tensors/files.h"

namespace halfulp::tensors {
namespace {

std::string place_of(const std::string& name) { return "/" + printable(name); }

void write_part(halfulp::OutputFile& file, ByteView part) {
  file.write({reinterpret_cast<const char*>(part.data()), part.size()});
}

void write_safetensors(const std::string& path, const std::vector<PartedTensor>& tensors,
                       const Metadata& metadata, const Progress& progress) {
  std::vector<Heading> headings;
  for (const PartedTensor& tensor : tensors) headings.push_back(tensor.heading);
  const SafetensorsPlan plan = safetensors_plan(headings, metadata);
  halfulp::OutputFile file(path);
  file.write(safetensors_start(plan.header));
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const SafetensorsEntry& entry = plan.header.entries[i];
    progress(i);
    std::uint64_t written = 0;
    tensors[plan.tensors[i]].give([&](ByteView part) {
      write_part(file, part);
      written += part.size();
    });
    HALFULP_REQUIRE(written == entry.end - entry.begin, "write_parts: another size");
  }
  file.commit();
}

// Files of one tensor whose bytes are what `give` gives: elements take their bytes in full.
bool lies_as_given(Container container, const std::vector<PartedTensor>& tensors) {
  if (container != Container::npy && container != Container::raw) return false;
  if (tensors.size() != 1) return false;
  const ElementType& type = tensors.front().heading.type;
  return bits(type.format) == static_cast<int>(8 * element_bytes(type));
}

void write_single(const std::string& path, Container container, const PartedTensor& tensor,
                  const Progress& progress) {
  halfulp::OutputFile file(path);
  if (container == Container::npy) file.write(npy_beginning(tensor.heading));
  progress(0);
  tensor.give([&](ByteView part) { write_part(file, part); });
  file.commit();
}

}  // namespace

FoundFile found_safetensors(const std::shared_ptr<const ByteSource>& file) {
  SafetensorsIndex index = safetensors_index(*file);
  FoundFile result{.tensors = {}, .metadata = std::move(index.header.metadata)};
  for (SafetensorsEntry& entry : index.header.entries) {
    FoundTensor tensor;
    tensor.name = std::move(entry.name);
    tensor.type = printable(entry.type);
    tensor.element = type_of_safetensors_name(entry.type);
    tensor.shape = std::move(entry.shape);
    tensor.close = tensor.element && lies_close(*tensor.element);
    tensor.size = entry.end - entry.begin;
    tensor.read = [file, at = index.data_begin + entry.begin](std::uint64_t begin,
                                                              std::size_t count) {
      return file->read(at + begin, count);
    };
    result.tensors.push_back(std::move(tensor));
  }
  return result;
}

FoundTensor stored(Tensor tensor) {
  FoundTensor result;
  result.name = std::move(tensor.name);
  result.type = tensor.type.name;
  result.close = lies_close(tensor.type);
  const auto data =
      std::make_shared<const Bytes>(result.close ? packed_codes(tensor) : std::move(tensor.data));
  result.size = data->size();
  result.element = std::move(tensor.type);
  result.shape = std::move(tensor.shape);
  result.read = [data](std::uint64_t begin, std::size_t count) {
    HALFULP_REQUIRE(begin + count <= data->size(), "stored: beyond the end");
    const auto from = data->begin() + static_cast<std::ptrdiff_t>(begin);
    return Bytes(from, from + static_cast<std::ptrdiff_t>(count));
  };
  return result;
}

void require_size(const FoundTensor& tensor) {
  const std::string place = place_of(tensor.name);
  if (!tensor.element)
    throw Error("unknown element type \"" + tensor.type + "\"", place,
                "the types are those of safetensors 0.8, such as F32, BF16, F8_E4M3");
  const std::uint64_t needed = [&] {
    try {
      const std::size_t count = element_count(tensor.shape);
      return tensor.close ? packed_bytes(tensor.element->format, count)
                          : count * element_bytes(*tensor.element);
    } catch (const Error& error) {
      throw error.at(place + "/shape");
    }
  }();
  if (tensor.size != needed)
    throw Error(counted(tensor.size, "byte") + ", the shape needs " + std::to_string(needed), place,
                "is the file damaged?");
}

PartedTensor as_it_is(const FoundTensor& tensor) {
  require_size(tensor);
  PartedTensor result;
  result.heading = {tensor.name, *tensor.element, tensor.shape};
  result.stored = tensor.type;
  result.stored_size = tensor.size;
  result.give = [tensor](const Sink& sink) {
    constexpr std::size_t part = 4 * part_elements;
    for (std::uint64_t at = 0; at < tensor.size; at += part)
      sink(tensor.read(at, std::min<std::uint64_t>(part, tensor.size - at)));
  };
  return result;
}

Tensor collected(const PartedTensor& tensor) {
  Bytes data;
  tensor.give([&](ByteView part) { data.insert(data.end(), part.begin(), part.end()); });
  const Heading& heading = tensor.heading;
  if (lies_close(heading.type)) return from_packed_codes(heading, data);
  return make_tensor(heading.name, heading.type, heading.shape, std::move(data));
}

void write_parts(const std::string& path, const std::vector<PartedTensor>& tensors,
                 const Metadata& metadata, const Progress& progress) {
  const Container container = container_of(path);
  if (container == Container::safetensors) {
    write_safetensors(path, tensors, metadata, progress);
  } else if (lies_as_given(container, tensors)) {
    write_single(path, container, tensors.front(), progress);
  } else {
    TensorFile file;
    for (const PartedTensor& tensor : tensors) {
      progress(file.tensors.size());
      file.tensors.push_back(collected(tensor));
    }
    write(path, file, {});
  }
  progress(tensors.size());
}

}  // namespace halfulp::tensors
