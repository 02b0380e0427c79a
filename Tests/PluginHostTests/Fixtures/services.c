/* A callback that uses everything the host offers, and a monitor that it adds. */
#include "components.h"

#include <stdio.h>

static ty_status all_create(const ty_component *component, const ty_host *host, void **self) {
  uint32_t wanted = host->metric_want(host, "val_loss", TY_WANT_REQUIRED);
  uint32_t optional = host->metric_want(host, "lr", TY_WANT_OPTIONAL);
  uint32_t gap = host->metric_declare(host, "gap", TY_DIRECTION_MIN, TY_PHASE_EPOCH);
  if (wanted != 0 || optional != 1 || gap != 2) {
    host->fail(host, "metric ids are not dense");
    return TY_FAILED;
  }
  const ty_monitors_service *monitors = host->service(host, TY_SERVICE_MONITORS);
  if (monitors->add(host, &monitor, "added") != TY_OK) return TY_FAILED;
  return create(component, host, self);
}

static void line(const ty_host *host, const char *what, double value) {
  char text[128];
  snprintf(text, sizeof text, "%s %g", what, value);
  host->log(host, TY_LOG_INFO, text);
}

static ty_status all_epoch_end(void *self, const ty_event *event) {
  const ty_host *host = ((instance *)self)->host;
  double list[] = {1, 2.5};
  line(host, "val_loss", ty_event_has(event, 0) ? event->values[0] : -1);
  line(host, "lr", ty_event_has(event, 1) ? event->values[1] : -1);
  line(host, "direction", host->metric_direction(host, 0));
  host->log(host, TY_LOG_DEBUG, host->metric_name(host, 2));
  host->log(host, TY_LOG_WARNING, host->instance_name(host));
  line(host, "unknown name", host->metric_name(host, 99) == NULL);
  line(host, "unknown service", host->service(host, "trainyard.weights/2") == NULL);
  line(host, "collective", host->service(host, TY_SERVICE_COLLECTIVE) == NULL);
  host->publish(host, 2, 0.25);
  host->publish_text(host, "note", "words");
  host->publish_list(host, "list", list, 2);
  host->publish_list(host, "empty", NULL, 0);
  host->stop(host, "enough");
  host->status(host, "epoch 1");
  host->status(host, "");

  const ty_run_service *run = host->service(host, TY_SERVICE_RUN);
  line(host, "epochs", (double)run->facts(host)->epochs);
  host->log(host, TY_LOG_INFO, run->facts(host)->folder);
  host->log(host, TY_LOG_INFO, run->facts(host)->model);

  const ty_weights_service *weights = host->service(host, TY_SERVICE_WEIGHTS);
  ty_weight weight = {.struct_size = sizeof weight};
  const ty_weight *list_of_one[] = {&weight};
  line(host, "weights", (double)weights->count(host));
  line(host, "view", weights->view(host, 0, &weight));
  line(host, "first", ((float *)weight.tensor.data)[0]);
  weights->assign(host, list_of_one, 1);
  line(host, "view past the last", weights->view(host, 1, &weight));
  line(host, "slot 3", weights->slot_filled(host, 3));
  weights->slot_take(host, 0);
  weights->slot_restore(host, 1);
  weights->slot_swap(host, 2);
  weights->slot_blend(host, 3, 0.9, 0.1);
  weights->slot_drop(host, 15);
  weights->save(host, "best.safetensors");
  weights->mark_checkpoint(host);

  const ty_optimizer_service *optimizer = host->service(host, TY_SERVICE_OPTIMIZER);
  double rate = 0;
  host->log(host, TY_LOG_INFO, optimizer->name(host, 0));
  line(host, "name past the last", optimizer->name(host, 1) == NULL);
  line(host, "get", optimizer->get(host, "learning_rate", &rate));
  line(host, "rate", rate);
  line(host, "get unknown", optimizer->get(host, "momentum", &rate));
  optimizer->set(host, "learning_rate", rate / 2);

  const ty_files_service *files = host->service(host, TY_SERVICE_FILES);
  line(host, "size", (double)files->size(host, "log.csv"));
  line(host, "size of none", (double)files->size(host, "none.csv"));
  files->start(host, "log.csv");
  files->append(host, "log.csv", "a,b\n", 4);
  files->append(host, "log.csv", NULL, 0);
  files->remove(host, "old.csv");

  const ty_random_service *random = host->service(host, TY_SERVICE_RANDOM);
  line(host, "random", (double)random->next(host));
  const ty_clock_service *clock = host->service(host, TY_SERVICE_CLOCK);
  line(host, "monotonic", (double)clock->monotonic(host));
  line(host, "wall", (double)clock->wall(host));
  return TY_OK;
}

ENTRY(callback_table.create = all_create, callback_table.on_epoch_end = all_epoch_end)
