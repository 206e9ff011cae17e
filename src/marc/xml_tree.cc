#include "marc/xml_tree.h"

#include <algorithm>

#include "marc/text_trim.h"

namespace thalweg::marc {
namespace {

constexpr size_t kDepthMax = 32;

std::pair<std::string_view, std::string_view> Split(std::string_view name) {
  const size_t end = name.rfind(XmlParser::kNamespaceEnd);
  if (end == std::string_view::npos) return {{}, name};
  return {name.substr(0, end), name.substr(end + 1)};
}

}  // namespace

std::string_view XmlNode::Attribute(std::string_view key) const {
  for (const auto& [attribute, value] : attributes) {
    if (attribute == key) return value;
  }
  return {};
}

const XmlNode* XmlNode::Find(std::string_view child) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [child](const XmlNode& node) { return node.name == child; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlNode::Text() const { return Trimmed(text); }

std::string_view XmlNode::TextOf(std::string_view child) const {
  const XmlNode* node = Find(child);
  return node == nullptr ? std::string_view() : node->Text();
}

void XmlTreeSource::Start(std::string_view name, const char** attributes) {
  const auto [space, local] = Split(name);
  if (open_.empty()) {
    if (local != record_name_ || (space != record_space_ && !space.empty())) return;
    BeginRecord();
  }
  if (open_.size() >= kDepthMax || skipped_ > 0) {
    ++skipped_;
    return;
  }
  XmlNode node;
  node.space = space;
  node.name = local;
  for (; *attributes != nullptr; attributes += 2) {
    node.attributes.emplace_back(Split(attributes[0]).second, attributes[1]);
  }
  open_.push_back(std::move(node));
}

void XmlTreeSource::Text(std::string_view text) {
  if (!open_.empty() && skipped_ == 0) open_.back().text.append(text);
}

void XmlTreeSource::End(std::string_view /*name*/) {
  if (open_.empty()) return;
  if (skipped_ > 0) {
    --skipped_;
    return;
  }
  XmlNode node = std::move(open_.back());
  open_.pop_back();
  if (!open_.empty()) {
    open_.back().children.push_back(std::move(node));
    return;
  }
  Build(node);
  EndRecord();
}

void XmlTreeSource::Reset() {
  open_.clear();
  skipped_ = 0;
}

}  // namespace thalweg::marc
