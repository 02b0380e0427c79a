#include "Settings.hpp"

#include <cmath>
#include <cstring>

#include <nlohmann/json.hpp>

using trainyard::Failure;
using trainyard::Host;

namespace trainyard_torch {

namespace {

const trainyard::Option &row(const char *key) {
  for (const auto &option : options)
    if (std::strcmp(option.key, key) == 0) return option;
  throw Failure(std::string("there is no option '") + key + "'");
}

/* The position of the user's word among the choices is the enumeration's value. */
template <class Kind>
Kind choice(Host host, const char *key) {
  const trainyard::Option &option = row(key);
  const std::string word = host.text(key);
  for (std::uint32_t i = 0; i < option.choice_count; i++)
    if (word == option.choices[i]) return static_cast<Kind>(i);
  throw Failure(std::string("'") + key + "' cannot be '" + word + "'");
}

std::optional<double> optional_number(Host host, const char *key) {
  return host.count(key) == 0 ? std::nullopt : std::optional<double>(host.number(key));
}

double default_learning_rate(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw: return 0.001;
    case OptimizerKind::lbfgs: return 1;
    default: return 0.01;
  }
}

double number_of(const nlohmann::json &value, const std::string &key, const std::string &place) {
  if (!value.is_number() || !(value.get<double>() >= 0) || !std::isfinite(value.get<double>()))
    throw Failure(place + ": '" + key + "' must be a number, 0 or more");
  return value.get<double>();
}

GroupRule parse_group(const nlohmann::json &table, const std::string &place) {
  if (!table.is_object()) throw Failure(place + " must be a table such as {match: \"*.bias\", weight_decay: 0}");
  GroupRule rule;
  for (const auto &[key, value] : table.items()) {
    if (key == "match") {
      if (!value.is_string()) throw Failure(place + ": 'match' must be a text such as \"*.bias\"");
      rule.match = value.get<std::string>();
    } else if (key == "learning_rate") {
      rule.learning_rate = number_of(value, key, place);
    } else if (key == "weight_decay") {
      rule.weight_decay = number_of(value, key, place);
    } else if (key == "frozen") {
      if (!value.is_boolean()) throw Failure(place + ": 'frozen' must be true or false");
      rule.frozen = value.get<bool>();
    } else {
      throw Failure(place + " has no '" + key + "'\nhelp: there are: match, learning_rate, weight_decay, frozen");
    }
  }
  if (rule.match.empty()) throw Failure(place + " needs a 'match': a pattern of parameters' names, such as \"*.bias\"");
  return rule;
}

}  // namespace

std::vector<GroupRule> parse_groups(const std::string &json) {
  const auto list = nlohmann::json::parse(json, nullptr, false);
  if (!list.is_array()) throw Failure("'parameter_groups' must be a list of tables, each with a 'match'");
  std::vector<GroupRule> rules;
  for (const auto &table : list) {
    rules.push_back(parse_group(table, "entry " + std::to_string(rules.size() + 1) + " of 'parameter_groups'"));
  }
  return rules;
}

Settings::Settings(Host host) {
  module = host.text("module");
  beginning = choice<Beginning>(host, "initialize");
  for (std::uint64_t i = 0; i < host.count("input_shape"); i++) input_shape.push_back(host.integer("input_shape", i));
  input_type = choice<InputType>(host, "input_type");

  loss = choice<LossKind>(host, "loss");
  output = choice<OutputKind>(host, "output");
  label_smoothing = host.number("label_smoothing");
  delta = host.number("delta");

  optimizer = choice<OptimizerKind>(host, "optimizer");
  learning_rate = optional_number(host, "learning_rate").value_or(default_learning_rate(optimizer));
  weight_decay = optional_number(host, "weight_decay").value_or(optimizer == OptimizerKind::adamw ? 0.01 : 0);
  momentum = host.number("momentum");
  dampening = host.number("dampening");
  nesterov = host.flag("nesterov");
  beta_1 = host.number("beta_1");
  beta_2 = host.number("beta_2");
  alpha = host.number("alpha");
  centered = host.flag("centered");
  amsgrad = host.flag("amsgrad");
  learning_rate_decay = host.number("learning_rate_decay");
  epsilon = optional_number(host, "epsilon").value_or(optimizer == OptimizerKind::adagrad ? 1e-10 : 1e-8);
  max_iterations = host.integer("max_iterations");
  history = host.integer("history");
  line_search = host.flag("line_search");
  if (host.count("parameter_groups") > 0) groups = parse_groups(host.text("parameter_groups"));
  clip_norm = optional_number(host, "clip_norm");
  clip_value = optional_number(host, "clip_value");
  accumulate_grad_batches = host.integer("accumulate_grad_batches");

  device = host.text("device");
  precision = choice<Precision>(host, "precision");
  check_optimizer(host);
}

void Settings::check_optimizer(Host host) const {
  const std::string name = host.text("optimizer");
  const auto refuse = [&](bool is_wrong, const char *key, const char *fitting) {
    if (is_wrong)
      throw Failure("optimizer '" + name + "' has no '" + key + "'\nhelp: leave '" + key + "' out, or set 'optimizer' to " +
                    fitting);
  };
  const bool is_sgd = optimizer == OptimizerKind::sgd, is_lbfgs = optimizer == OptimizerKind::lbfgs;
  const bool is_adam = optimizer == OptimizerKind::adam || optimizer == OptimizerKind::adamw;
  refuse(momentum > 0 && !has_momentum(), "momentum", "sgd or rmsprop");
  refuse(dampening > 0 && !is_sgd, "dampening", "sgd");
  refuse(nesterov && !is_sgd, "nesterov", "sgd");
  refuse(amsgrad && !is_adam, "amsgrad", "adam or adamw");
  refuse(centered && optimizer != OptimizerKind::rmsprop, "centered", "rmsprop");
  refuse(learning_rate_decay > 0 && optimizer != OptimizerKind::adagrad, "learning_rate_decay", "adagrad");
  refuse(line_search && !is_lbfgs, "line_search", "lbfgs");
  refuse(weight_decay > 0 && !has_weight_decay(), "weight_decay", "another");
  refuse(!groups.empty() && is_lbfgs, "parameter_groups", "another");
  refuse((clip_norm || clip_value) && is_lbfgs, "clip_norm and no clip_value", "another");
  refuse(accumulate_grad_batches > 1 && is_lbfgs, "accumulate_grad_batches", "another");
  if (nesterov && (momentum <= 0 || dampening > 0))
    throw Failure("'nesterov' needs a 'momentum' above 0 and no 'dampening'");
  if (clip_norm && clip_value)
    throw Failure("both 'clip_norm' and 'clip_value' are given\nhelp: choose one of the two");
  if (label_smoothing > 0 && loss != LossKind::cross_entropy && loss != LossKind::automatic)
    throw Failure("'label_smoothing' goes with the loss cross_entropy only");
  if (learning_rate == 0)
    for (const auto &rule : groups)
      if (rule.learning_rate)
        throw Failure("the group '" + rule.match + "' has a learning rate, and 'learning_rate' is 0\n"
                      "help: schedules keep the ratio of the two, so give 'learning_rate' a value");
}

}  // namespace trainyard_torch
