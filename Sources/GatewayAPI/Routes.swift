// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit

extension GatewayAPI {
    /// The media type of bodies.
    private static let json = ["application/json"]
    private static let ageWords = ["association", "maxAge"]
    private static let valueWords = ["class", "association", "form", "numbers", "maxAge"]
    private static let rangeWords = ["from", "to", "firstEntry", "lastEntry", "source", "classes", "objects"]
    private static let rowWords = [
        "from", "to", "last", "entries", "limit", "columns", "association", "numbers", "source", "maxAge",
    ]
    private static let readingWords = [
        "meter", "group", "label", "name", "from", "to", "last", "detail", "numbers", "limit", "cursor",
    ]
    private static let rowTypes = ["application/json", "application/x-ndjson", "text/csv"]
    private static let importWords = ["mode", "onConflict", "dryRun"]
    private static let sheetTypes = ["application/x-ndjson", "text/csv"]
    /// Octets of a body with a hundred thousand entries.
    private static let longBody = 64 << 20
    private static let readoutTypes = ["application/json", "text/plain"]
    private static let readoutFile = ["text/plain"]
    private static let mergePatch = ["application/merge-patch+json", "application/json"]
    private static let metricsTypes = [
        "text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ]
    private static let certificates = "/meters/{id}/certificates"
    private static let certificateWords = ["association", "securitySetup"]
    private static let certificateTypes = [
        "application/json", "application/x-pem-file", "application/pem-certificate-chain", "application/pkix-cert",
    ]
    private static let object = "/meters/{id}/objects/{obis}"
    private static let profile = "/meters/{id}/profiles/{obis}"

    // swift-format-ignore
    /// Every operation of the API; openapi.yaml lists the same.
    var routeTable: RouteTable {
        RouteTable(basePath: settings.basePath, audited([
            Route(.get, "/", name: "getService", handler: service),
            Route(.get, "/livez", name: "getLiveness", handler: liveness),
            Route(.get, "/readyz", name: "getReadiness", query: ["verbose"], handler: readiness),
            Route(.get, "/metrics", name: "getMetrics", produces: Self.metricsTypes, handler: metrics),
            Route(.get, "/openapi.yaml", name: "getContract", produces: ["application/yaml"], handler: contract),
            Route(.get, "/docs/problems", name: "listProblems", handler: listProblems),
            Route(.get, "/docs/problems/{name}", name: "getProblemPage", produces: ["text/markdown; charset=utf-8"], handler: problemPage),
            Route(.get, "/catalog/obis/{code}", name: "getOBISMeaning", handler: obisMeaning),
            Route(.get, "/catalog/classes", name: "listClasses", handler: listClasses),
            Route(.get, "/catalog/classes/{class}", name: "getClass", query: ["version"], handler: interfaceClass),
            Route(.get, "/catalog/units", name: "listUnits", handler: listUnits),
            Route(.post, "/tools/decode", name: "decodeOctets", consumes: Self.json, handler: decode),

            Route(.get, "/meters", name: "listMeters", query: ["q", "label", "limit", "cursor"], handler: listMeters),
            Route(.post, "/meters", name: "createMeter", consumes: Self.json, handler: createMeter),
            Route(.post, "/meters/import", name: "importMeters", query: Self.importWords, consumes: Self.sheetTypes, maximumBodyOctets: Self.longBody, handler: importMeters),
            Route(.post, "/channels/import", name: "importChannels", query: Self.importWords, consumes: Self.sheetTypes, maximumBodyOctets: Self.longBody, handler: importChannels),
            Route(.get, "/meters/{id}", name: "getMeter", handler: getMeter),
            Route(.put, "/meters/{id}", name: "putMeter", consumes: Self.json, handler: putMeter),
            Route(.patch, "/meters/{id}", name: "patchMeter", consumes: Self.mergePatch, handler: patchMeter),
            Route(.delete, "/meters/{id}", name: "deleteMeter", handler: deleteMeter),
            Route(.get, "/meters/{id}/clock", name: "getClock", query: ["association"], handler: getClock),
            Route(.post, "/meters/{id}/clock/sync", name: "synchronizeClock", query: ["association"], consumes: Self.json, handler: synchronizeClock),
            Route(.post, "/meters/{id}/readout", name: "readOutMeter", query: ["kind", "numbers", "association"], produces: Self.readoutTypes, handler: readOut),
            Route(.post, "/meters/{id}/readout-files", name: "importMeterReadouts", query: ["number"], consumes: Self.readoutFile, handler: importMeterReadouts),
            Route(.post, "/readout-files", name: "importReadouts", query: ["number"], consumes: Self.readoutFile, handler: importReadouts),
            Route(.post, "/meters/{id}/firmware", name: "uploadFirmware", query: ["identifier", "activate", "association"], consumes: ["application/octet-stream"], handler: uploadFirmware),
            Route(.delete, "/firmware/{digest}", name: "deleteFirmware", handler: deleteFirmware),
            Route(.post, "/meters/{id}/keys/change", name: "changeKeys", consumes: Self.json, handler: changeKeys),
            Route(.post, "/meters/{id}/secret/change", name: "changeSecret", consumes: Self.json, handler: changeSecret),
            Route(.post, "/meters/{id}/secrets/resolve", name: "resolveSecrets", handler: resolveSecrets),
            Route(.get, "/meters/{id}/activity-calendar", name: "getActivityCalendar", query: ["object", "association"], handler: getActivityCalendar),
            Route(.put, "/meters/{id}/activity-calendar", name: "putActivityCalendar", query: ["object", "association"], consumes: Self.json, handler: putActivityCalendar),
            Route(.get, "/meters/{id}/special-days", name: "getSpecialDays", query: ["object", "association"], handler: getSpecialDays),
            Route(.put, "/meters/{id}/special-days", name: "putSpecialDays", query: ["object", "association"], consumes: Self.json, handler: putSpecialDays),
            Route(.get, "/meters/{id}/push-setups/{obis}", name: "getPushSetup", query: ["association"], handler: getPushSetup),
            Route(.put, "/meters/{id}/push-setups/{obis}", name: "putPushSetup", query: ["association"], consumes: Self.json, handler: putPushSetup),
            Route(.get, Self.certificates, name: "listCertificates", query: Self.certificateWords, handler: listCertificates),
            Route(.post, Self.certificates, name: "importCertificate", query: Self.certificateWords, consumes: Self.certificateTypes, handler: importCertificate),
            Route(.post, Self.certificates + "/key-pairs", name: "generateKeyPair", query: Self.certificateWords, consumes: Self.json, handler: generateKeyPair),
            Route(.post, Self.certificates + "/requests", name: "requestCertificate", query: Self.certificateWords, consumes: Self.json, handler: requestCertificate),
            Route(.get, Self.certificates + "/{certificate}", name: "getCertificate", query: Self.certificateWords, handler: getCertificate),
            Route(.delete, Self.certificates + "/{certificate}", name: "removeCertificate", query: Self.certificateWords, handler: removeCertificate),
            Route(.get, "/meters/{id}/quirks", name: "listMeterQuirks", handler: listMeterQuirks),
            Route(.get, "/meters/{id}/counters", name: "listCounters", handler: listCounters),
            Route(.post, "/meters/{id}/counters/raise", name: "raiseCounter", consumes: Self.json, handler: raiseCounter),
            Route(.delete, "/meters/{id}/quirks", name: "forgetLearnedQuirks", handler: forgetLearnedQuirks),
            Route(.get, "/models", name: "listModels", handler: listModels),
            Route(.get, "/models/{model}/quirks", name: "listModelQuirks", handler: listModelQuirks),
            Route(.post, "/meters/{id}/check", name: "checkMeter", consumes: Self.json, handler: checkMeter),
            Route(.get, "/meters/{id}/trace", name: "traceMeter", query: ["decode", "for"], produces: ["application/x-ndjson", "text/event-stream"], handler: traceMeter),
            Route(.get, "/nodes", name: "listNodes", handler: listNodes),
            Route(.delete, "/nodes/{name}", name: "removeNode", handler: removeNode),
            Route(.get, "/channels", name: "listChannels", query: ["limit", "cursor"], handler: listChannels),
            Route(.get, "/channels/{id}", name: "getChannel", handler: getChannel),
            Route(.put, "/channels/{id}", name: "putChannel", consumes: Self.json, handler: putChannel),
            Route(.delete, "/channels/{id}", name: "deleteChannel", handler: deleteChannel),
            Route(.post, "/channels/{id}/hold", name: "holdChannel", consumes: Self.json, handler: holdChannel),
            Route(.post, "/channels/{id}/drain", name: "drainChannel", handler: drainChannel),
            Route(.post, "/channels/{id}/resume", name: "resumeChannel", handler: resumeChannel),
            Route(.get, "/channel-groups", name: "listChannelGroups", query: ["limit", "cursor"], handler: listChannelGroups),
            Route(.get, "/channel-groups/{id}", name: "getChannelGroup", handler: getChannelGroup),
            Route(.put, "/channel-groups/{id}", name: "putChannelGroup", consumes: Self.json, handler: putChannelGroup),
            Route(.delete, "/channel-groups/{id}", name: "deleteChannelGroup", handler: deleteChannelGroup),

            Route(.get, "/meters/{id}/objects", name: "listObjects", query: ["class", "q"] + Self.ageWords, handler: listObjects),
            Route(.get, Self.object, name: "getObject", query: ["attributes"] + Self.valueWords, handler: getObject),
            Route(.get, Self.object + "/attributes/{n}", name: "getAttribute", query: Self.valueWords + Self.rangeWords, handler: getAttribute),
            Route(.put, Self.object + "/attributes/{n}", name: "putAttribute", query: ["class", "association"], consumes: Self.json, handler: putAttribute),
            Route(.post, Self.object + "/methods/{n}", name: "invokeMethod", query: ["class", "association"], consumes: Self.json, handler: invokeMethod),
            Route(.get, "/meters/{id}/disconnector", name: "getDisconnector", query: ["object", "association"], handler: getDisconnector),
            Route(.post, "/meters/{id}/disconnector/orders", name: "createDisconnectorOrder", consumes: Self.json, handler: createDisconnectorOrder),
            Route(.get, "/system/orders-hold", name: "getOrdersHold", handler: getOrdersHold),
            Route(.post, "/system/orders-hold", name: "holdOrders", consumes: Self.json, handler: holdOrders),
            Route(.delete, "/system/orders-hold", name: "releaseOrders", handler: releaseOrders),
            Route(.post, "/meters/{id}/read", name: "readBatch", consumes: Self.json, handler: readBatch),

            Route(.get, "/meters/{id}/profiles", name: "listProfiles", query: Self.ageWords, handler: listProfiles),
            Route(.get, Self.profile, name: "getProfile", query: Self.ageWords, handler: getProfile),
            Route(.get, Self.profile + "/gaps", name: "listProfileGaps", query: ["from", "to"], handler: listGaps),
            Route(.post, Self.profile + "/recover", name: "recoverProfile", query: ["association"], handler: recoverProfile),
            Route(.get, "/completeness", name: "listCompleteness", query: ["from", "to", "meter", "profile", "label", "group", "limit", "cursor"], handler: listCompleteness),
            Route(.get, Self.profile + "/rows", name: "listProfileRows", query: Self.rowWords, produces: Self.rowTypes, handler: listRows),

            Route(.get, "/groups", name: "listMeterGroups", query: ["limit", "cursor"], handler: listMeterGroups),
            Route(.post, "/groups", name: "createMeterGroup", consumes: Self.json, handler: createMeterGroup),
            Route(.get, "/groups/{id}", name: "getMeterGroup", handler: getMeterGroup),
            Route(.put, "/groups/{id}", name: "putMeterGroup", consumes: Self.json, handler: putMeterGroup),
            Route(.delete, "/groups/{id}", name: "deleteMeterGroup", handler: deleteMeterGroup),
            Route(.get, "/groups/{id}/members", name: "listMeterGroupMembers", query: ["limit", "cursor"], handler: listMeterGroupMembers),
            Route(.post, "/groups/{id}/members", name: "changeMeterGroupMembers", consumes: Self.json, handler: changeMeterGroupMembers),

            Route(.get, "/push/senders", name: "listPushSenders", query: ["state", "limit", "cursor"], handler: listPushSenders),
            Route(.get, "/events", name: "listEvents", query: ["since", "meter", "type", "limit", "cursor"], handler: listEvents),
            Route(.get, "/audit", name: "listAuditRecords", query: ["meter", "action", "job", "limit", "cursor"], handler: listAuditRecords),

            Route(.get, "/meters/{id}/readings/latest", name: "getLatestReadings", query: ["names", "numbers"], handler: getLatestReadings),
            Route(.get, "/meters/{id}/events", name: "listMeterEvents", query: ["log", "from", "to", "last", "source", "maxAge", "association"], handler: listMeterEvents),
            Route(.get, "/readings", name: "listReadings", query: Self.readingWords, produces: Self.rowTypes, handler: listReadings),
            Route(.get, "/schedules", name: "listSchedules", query: ["limit", "cursor"], handler: listSchedules),
            Route(.post, "/schedules", name: "createSchedule", consumes: Self.json, handler: createSchedule),
            Route(.post, "/schedules/preview", name: "previewSchedule", consumes: Self.json, handler: previewSchedule),
            Route(.get, "/schedules/{id}", name: "getSchedule", handler: getSchedule),
            Route(.put, "/schedules/{id}", name: "putSchedule", consumes: Self.json, handler: putSchedule),
            Route(.delete, "/schedules/{id}", name: "deleteSchedule", handler: deleteSchedule),
            Route(.get, "/schedules/{id}/next", name: "listNextRuns", query: ["count"], handler: listNextRuns),
            Route(.post, "/schedules/{id}/run", name: "runSchedule", handler: runSchedule),
            Route(.post, "/schedules/{id}/pause", name: "pauseSchedule", handler: pauseSchedule),
            Route(.post, "/schedules/{id}/resume", name: "resumeSchedule", handler: resumeSchedule),
            Route(.get, "/reading-sets", name: "listReadingSets", query: ["limit", "cursor"], handler: listReadingSets),
            Route(.post, "/reading-sets", name: "createReadingSet", consumes: Self.json, handler: createReadingSet),
            Route(.get, "/reading-sets/{id}", name: "getReadingSet", handler: getReadingSet),
            Route(.put, "/reading-sets/{id}", name: "putReadingSet", consumes: Self.json, handler: putReadingSet),
            Route(.delete, "/reading-sets/{id}", name: "deleteReadingSet", handler: deleteReadingSet),

            Route(.get, "/jobs", name: "listJobs", query: ["state", "kind", "meter", "createdAfter", "createdBy", "limit", "cursor"], handler: listJobs),
            Route(.post, "/jobs", name: "createJob", consumes: Self.json, maximumBodyOctets: 8 << 20, handler: createJob),
            Route(.get, "/jobs/{id}", name: "getJob", handler: getJob),
            Route(.get, "/jobs/{id}/executions", name: "listJobExecutions", query: ["state", "limit", "cursor"], handler: listExecutions),
            Route(.get, "/jobs/{id}/result", name: "getJobResult", produces: Self.rowTypes, handler: getJobResult),
            Route(.post, "/jobs/{id}/confirm", name: "confirmJob", consumes: Self.json, handler: confirmJob),
            Route(.post, "/jobs/{id}/pause", name: "pauseJob", handler: pauseJob),
            Route(.post, "/jobs/{id}/resume", name: "resumeJob", handler: resumeJob),
            Route(.post, "/jobs/{id}/retry", name: "retryJob", handler: retryJob),
            Route(.post, "/jobs/{id}/cancel", name: "cancelJob", handler: cancelJob),
        ]), problem: { [clock = gateway.clock] in problem(of: $0, now: clock.now()) })
    }
}
