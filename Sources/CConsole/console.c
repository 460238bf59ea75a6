// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#include "console.h"

static const unsigned char index_html[] = {
#embed "files/index.html"
};

static const unsigned char console_css[] = {
#embed "files/console.css"
};

static const unsigned char icon_svg[] = {
#embed "files/icon.svg"
};

static const unsigned char app_js[] = {
#embed "files/app.js"
};

static const unsigned char dom_js[] = {
#embed "files/dom.js"
};

static const unsigned char api_js[] = {
#embed "files/api.js"
};

static const unsigned char texts_js[] = {
#embed "files/texts.js"
};

static const unsigned char live_js[] = {
#embed "files/live.js"
};

static const unsigned char parts_js[] = {
#embed "files/parts.js"
};

static const unsigned char chart_js[] = {
#embed "files/chart.js"
};

static const unsigned char overview_js[] = {
#embed "files/overview.js"
};

static const unsigned char meters_js[] = {
#embed "files/meters.js"
};

static const unsigned char meter_js[] = {
#embed "files/meter.js"
};

static const unsigned char objects_js[] = {
#embed "files/objects.js"
};

static const unsigned char profiles_js[] = {
#embed "files/profiles.js"
};

static const unsigned char orders_js[] = {
#embed "files/orders.js"
};

static const unsigned char jobs_js[] = {
#embed "files/jobs.js"
};

static const unsigned char schedules_js[] = {
#embed "files/schedules.js"
};

static const unsigned char import_js[] = {
#embed "files/import.js"
};

static const unsigned char explorer_js[] = {
#embed "files/explorer.js"
};

static const unsigned char values_js[] = {
#embed "files/values.js"
};

static const unsigned char tools_js[] = {
#embed "files/tools.js"
};

static const unsigned char fleet_js[] = {
#embed "files/fleet.js"
};

static const unsigned char change_js[] = {
#embed "files/change.js"
};

static const unsigned char admin_js[] = {
#embed "files/admin.js"
};

static const struct cosem_gateway_console_file files[] = {
    {"index.html", "text/html; charset=utf-8", index_html, sizeof index_html},
    {"console.css", "text/css; charset=utf-8", console_css, sizeof console_css},
    {"icon.svg", "image/svg+xml", icon_svg, sizeof icon_svg},
    {"app.js", "text/javascript; charset=utf-8", app_js, sizeof app_js},
    {"dom.js", "text/javascript; charset=utf-8", dom_js, sizeof dom_js},
    {"api.js", "text/javascript; charset=utf-8", api_js, sizeof api_js},
    {"texts.js", "text/javascript; charset=utf-8", texts_js, sizeof texts_js},
    {"live.js", "text/javascript; charset=utf-8", live_js, sizeof live_js},
    {"parts.js", "text/javascript; charset=utf-8", parts_js, sizeof parts_js},
    {"chart.js", "text/javascript; charset=utf-8", chart_js, sizeof chart_js},
    {"overview.js", "text/javascript; charset=utf-8", overview_js, sizeof overview_js},
    {"meters.js", "text/javascript; charset=utf-8", meters_js, sizeof meters_js},
    {"meter.js", "text/javascript; charset=utf-8", meter_js, sizeof meter_js},
    {"objects.js", "text/javascript; charset=utf-8", objects_js, sizeof objects_js},
    {"profiles.js", "text/javascript; charset=utf-8", profiles_js, sizeof profiles_js},
    {"orders.js", "text/javascript; charset=utf-8", orders_js, sizeof orders_js},
    {"jobs.js", "text/javascript; charset=utf-8", jobs_js, sizeof jobs_js},
    {"schedules.js", "text/javascript; charset=utf-8", schedules_js, sizeof schedules_js},
    {"import.js", "text/javascript; charset=utf-8", import_js, sizeof import_js},
    {"explorer.js", "text/javascript; charset=utf-8", explorer_js, sizeof explorer_js},
    {"values.js", "text/javascript; charset=utf-8", values_js, sizeof values_js},
    {"tools.js", "text/javascript; charset=utf-8", tools_js, sizeof tools_js},
    {"fleet.js", "text/javascript; charset=utf-8", fleet_js, sizeof fleet_js},
    {"change.js", "text/javascript; charset=utf-8", change_js, sizeof change_js},
    {"admin.js", "text/javascript; charset=utf-8", admin_js, sizeof admin_js},
};

const struct cosem_gateway_console_file *const cosem_gateway_console_files = files;
const size_t cosem_gateway_console_file_count = sizeof files / sizeof files[0];
