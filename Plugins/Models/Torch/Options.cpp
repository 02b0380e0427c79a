#include "Settings.hpp"

namespace trainyard_torch {

using trainyard::Option;

namespace {

const char *const losses[] = {"auto", "cross_entropy", "nll", "bce_with_logits", "bce",
                              "mse",  "l1",            "smooth_l1", "huber",     "module"};
const char *const outputs[] = {"auto", "logits", "log_probabilities", "probabilities", "values"};
const char *const optimizers[] = {"sgd", "adam", "adamw", "rmsprop", "adagrad", "lbfgs"};
const char *const input_types[] = {"float32", "float64", "int64"};
const char *const precisions[] = {"float32", "bfloat16"};
const char *const beginnings[] = {"file", "reset_parameters"};

}  // namespace

const Option options[option_count] = {
    Option(TY_OPTION_PATH, "module", "The module, as torch.jit.script(model).save(path) has written it.", nullptr,
           nullptr, nullptr, TY_OPTION_REQUIRED),
    Option::choice("initialize",
                   "Where weights begin: file is as the module was saved; reset_parameters calls the method of that name "
                   "that the module exports, with random numbers from the seed.",
                   beginnings, "file"),
    Option(TY_OPTION_INT, "input_shape",
           "The shape of one row as the module takes it, such as [1, 28, 28]; without it as the data has it.", nullptr,
           "[1, )", nullptr, TY_OPTION_LIST),
    Option::choice("input_type", "The type of the numbers that the module takes.", input_types, "float32"),

    Option::choice("loss",
                   "auto is cross_entropy for classes, bce_with_logits for binary and mse for regression tasks; module "
                   "calls the method loss(output, target) that the module exports.",
                   losses, "auto"),
    Option::choice("output",
                   "What the module returns; auto is what the loss takes. Predictions are probabilities in any case.",
                   outputs, "auto"),
    Option(TY_OPTION_FLOAT, "label_smoothing", "The part of the target that goes to all classes; cross_entropy.", "0.0",
           "[0, 1]"),
    Option(TY_OPTION_FLOAT, "delta", "Where huber, or smooth_l1 as its beta, goes from squares to distances.", "1.0",
           "(0, )"),

    Option::choice("optimizer", "How gradients become steps. lbfgs makes each step of all rows.", optimizers, "adam"),
    Option(TY_OPTION_FLOAT, "learning_rate",
           "Size of the steps. Without it 0.001 for adam and adamw, 1 for lbfgs and 0.01 for the others.", nullptr,
           "[0, )"),
    Option(TY_OPTION_FLOAT, "weight_decay", "As the optimizer has it. Without it 0.01 for adamw, else 0.", nullptr,
           "[0, )"),
    Option(TY_OPTION_FLOAT, "momentum", "How much of the last step each step keeps; sgd and rmsprop.", "0.0", "[0, 1]"),
    Option(TY_OPTION_FLOAT, "dampening", "How much less of the gradient goes into the momentum; sgd.", "0.0", "[0, 1]"),
    Option(TY_OPTION_BOOL, "nesterov", "Looks one step of momentum ahead; sgd.", "false"),
    Option(TY_OPTION_FLOAT, "beta_1", "Decay of the gradient's average; adam and adamw.", "0.9", "[0, 1)"),
    Option(TY_OPTION_FLOAT, "beta_2", "Decay of the squared gradient's average; adam and adamw.", "0.999", "[0, 1)"),
    Option(TY_OPTION_FLOAT, "alpha", "Decay of the squared gradient's average; rmsprop.", "0.99", "[0, 1)"),
    Option(TY_OPTION_BOOL, "centered", "Divides by the gradient's variance; rmsprop.", "false"),
    Option(TY_OPTION_BOOL, "amsgrad", "Divides by the largest average so far; adam and adamw.", "false"),
    Option(TY_OPTION_FLOAT, "learning_rate_decay", "Divides the rate by 1 plus this times the steps; adagrad.", "0.0",
           "[0, )"),
    Option(TY_OPTION_FLOAT, "epsilon",
           "Keeps divisions in bounds. Without it 1e-10 for adagrad, and 1e-8 for adam, adamw and rmsprop.", nullptr,
           "(0, )"),
    Option(TY_OPTION_INT, "max_iterations", "Iterations of each step; lbfgs.", "20", "[1, 1000000]"),
    Option(TY_OPTION_INT, "history", "Updates that the curvature is estimated from; lbfgs.", "100", "[1, 10000]"),
    Option(TY_OPTION_BOOL, "line_search", "Looks for a step length with the strong Wolfe conditions; lbfgs.", "false"),
    Option(TY_OPTION_TABLE, "parameter_groups",
           "A list of {match: pattern, learning_rate, weight_decay, frozen}: the first whose pattern (with * and ?) "
           "matches a parameter's name decides, and what it leaves out is as for all others."),
    Option(TY_OPTION_FLOAT, "clip_norm",
           "Shrinks a gradient that is longer than this, over all parameters, to this length.", nullptr, "(0, )"),
    Option(TY_OPTION_FLOAT, "clip_value", "Cuts each number of the gradient to this size; not together with clip_norm.",
           nullptr, "(0, )"),
    Option(TY_OPTION_INT, "accumulate_grad_batches", "Adds up the gradients of so many batches for one step.", "1",
           "[1, 2147483647]", "batches"),

    Option(TY_OPTION_STRING, "device", "cpu, cuda or cuda:1; cuda where libtorch and the machine have it.", "cpu"),
    Option::choice("precision", "bfloat16 computes products in it, and keeps weights and sums in float32.", precisions,
                   "float32"),
};

}  // namespace trainyard_torch
