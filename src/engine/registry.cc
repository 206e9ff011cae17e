#include "engine/registry.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace thalweg::engine {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool Names(const Spec& spec, std::string_view lower_name) {
  if (Lower(spec.name) == lower_name) return true;
  return std::ranges::any_of(spec.aliases,
                             [&](const std::string& alias) { return Lower(alias) == lower_name; });
}

template <typename T>
const T* FindByName(const std::vector<std::unique_ptr<T>>& entries, std::string_view name) {
  const std::string lower = Lower(name);
  for (const auto& entry : entries) {
    if (Names(entry->spec, lower)) return entry.get();
  }
  return nullptr;
}

template <typename T>
const T* Insert(std::vector<std::unique_ptr<T>>& entries, T value) {
  THALWEG_CHECK(!value.spec.name.empty());
  THALWEG_CHECK(FindByName(entries, value.spec.name) == nullptr);
  for (const auto& alias : value.spec.aliases) {
    THALWEG_CHECK(FindByName(entries, alias) == nullptr);
  }
  return entries.emplace_back(std::make_unique<T>(std::move(value))).get();
}

/// Functions are looked up for every call in a query and are many: they have a map of names.
template <typename T>
void InsertFunction(std::vector<std::unique_ptr<T>>& entries,
                    std::map<std::string, const T*, std::less<>>& names, T function) {
  THALWEG_CHECK(!function.spec.name.empty());
  const T* added = entries.emplace_back(std::make_unique<T>(std::move(function))).get();
  THALWEG_CHECK(names.emplace(Lower(added->spec.name), added).second);
  for (const auto& alias : added->spec.aliases) {
    THALWEG_CHECK(names.emplace(Lower(alias), added).second);
  }
}

template <typename T>
const T* FindFunction(const std::map<std::string, const T*, std::less<>>& names,
                      std::string_view name) {
  const auto found = names.find(Lower(name));
  return found == names.end() ? nullptr : found->second;
}

constexpr std::string_view kCompressionSuffixes[] = {".gz",  ".gzip", ".zst",   ".zstd",
                                                     ".lz4", ".br",   ".brotli"};

std::string_view WithoutCompressionSuffix(std::string_view lower_path) {
  for (const std::string_view suffix : kCompressionSuffixes) {
    if (lower_path.ends_with(suffix)) {
      lower_path.remove_suffix(suffix.size());
      break;
    }
  }
  return lower_path;
}

}  // namespace

void Registry::Add(Codec codec) { Insert(codecs_, std::move(codec)); }
void Registry::Add(OperatorFactory factory) { Insert(operators_, std::move(factory)); }
void Registry::Add(Connector connector) { Insert(connectors_, std::move(connector)); }
void Registry::Add(ScalarFunction function) {
  InsertFunction(scalars_, scalar_names_, std::move(function));
}
void Registry::Add(AggregateFunction function) {
  InsertFunction(aggregates_, aggregate_names_, std::move(function));
}

const Codec* Registry::FindCodec(std::string_view name) const { return FindByName(codecs_, name); }

const Codec* Registry::FindCodecBySuffix(std::string_view path) const {
  const std::string lower = Lower(path);
  const std::string_view bare = WithoutCompressionSuffix(lower);
  const Codec* best = nullptr;
  size_t best_size = 0;
  for (const auto& codec : codecs_) {
    for (const auto& suffix : codec->suffixes) {
      if (suffix.size() > best_size && bare.ends_with(Lower(suffix))) {
        best = codec.get();
        best_size = suffix.size();
      }
    }
  }
  return best;
}

const ScalarFunction* Registry::FindScalar(std::string_view name) const {
  return FindFunction(scalar_names_, name);
}
const AggregateFunction* Registry::FindAggregate(std::string_view name) const {
  return FindFunction(aggregate_names_, name);
}
const OperatorFactory* Registry::FindOperator(std::string_view name) const {
  return FindByName(operators_, name);
}
const Connector* Registry::FindConnector(std::string_view name) const {
  return FindByName(connectors_, name);
}

std::vector<std::string> Registry::FunctionNames() const {
  std::vector<std::string> out;
  out.reserve(scalar_names_.size() + aggregate_names_.size());
  for (const auto& [name, function] : scalar_names_) out.push_back(name);
  for (const auto& [name, function] : aggregate_names_) out.push_back(name);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace thalweg::engine
