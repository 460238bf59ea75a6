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
        "from", "to", "last", "entries", "limit", "columns", "association", "numbers", "source", "maxAge", "rowFormat",
    ]
    private static let readingWords = [
        "meter", "group", "label", "name", "from", "to", "last", "detail", "numbers", "limit", "cursor", "rowFormat",
    ]
    private static let rowTypes = ["application/json", "application/x-ndjson", "text/csv"]
    private static let readingTypes = rowTypes + [CIMMeterReadings.mediaType]
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
    private static let page = ["text/html"]
    private static let pageTypes = ["text/html", "text/css", "text/javascript", "image/svg+xml"]
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
        RouteTable(basePath: settings.basePath, confined(audited([
            Route(.get, "/", name: "getService", produces: ["application/json", "text/html"], access: .open, handler: service),
            Route(.get, "/console", name: "getConsole", produces: Self.page, access: .open, handler: consoleElsewhere),
            Route(.get, "/console/", name: "getConsolePage", produces: Self.page, access: .open, handler: consolePage),
            Route(.get, "/console/{file}", name: "getConsoleFile", produces: Self.pageTypes, access: .open, handler: consoleFile),
            Route(.get, "/livez", name: "getLiveness", access: .open, handler: liveness),
            Route(.get, "/readyz", name: "getReadiness", query: ["verbose"], access: .open, handler: readiness),
            Route(.get, "/metrics", name: "getMetrics", produces: Self.metricsTypes, scope: .metricsRead, handler: metrics),
            Route(.get, "/openapi.yaml", name: "getContract", produces: ["application/yaml"], access: .open, handler: contract),
            Route(.get, "/openapi.json", name: "getContractAsJSON", access: .open, handler: contractAsJSON),
            Route(.get, "/docs/problems", name: "listProblems", access: .open, handler: listProblems),
            Route(.get, "/docs/problems/{name}", name: "getProblemPage", produces: ["text/markdown; charset=utf-8"], access: .open, handler: problemPage),
            Route(.get, "/catalog/obis/{code}", name: "getOBISMeaning", access: .authenticated, handler: obisMeaning),
            Route(.get, "/catalog/classes", name: "listClasses", access: .authenticated, handler: listClasses),
            Route(.get, "/catalog/classes/{class}", name: "getClass", query: ["version"], access: .authenticated, handler: interfaceClass),
            Route(.get, "/catalog/units", name: "listUnits", access: .authenticated, handler: listUnits),
            Route(.post, "/tools/decode", name: "decodeOctets", consumes: Self.json, access: .authenticated, handler: decode),

            Route(.get, "/meters", name: "listMeters", query: ["q", "label", "state", "limit", "cursor"], scope: .metersRead, handler: listMeters),
            Route(.post, "/meters", name: "createMeter", consumes: Self.json, scope: .metersWrite, handler: createMeter),
            Route(.post, "/meters/import", name: "importMeters", query: Self.importWords, consumes: Self.sheetTypes, maximumBodyOctets: Self.longBody, scope: .metersWrite, handler: importMeters),
            Route(.post, "/channels/import", name: "importChannels", query: Self.importWords, consumes: Self.sheetTypes, maximumBodyOctets: Self.longBody, scope: .metersWrite, handler: importChannels),
            Route(.get, "/meters/{id}", name: "getMeter", scope: .metersRead, handler: getMeter),
            Route(.put, "/meters/{id}", name: "putMeter", consumes: Self.json, scope: .metersWrite, handler: putMeter),
            Route(.patch, "/meters/{id}", name: "patchMeter", consumes: Self.mergePatch, scope: .metersWrite, handler: patchMeter),
            Route(.delete, "/meters/{id}", name: "deleteMeter", scope: .metersWrite, handler: deleteMeter),
            Route(.get, "/meters/{id}/clock", name: "getClock", query: ["association"], scope: .readingsLive, handler: getClock),
            Route(.get, "/meters/{id}/clock/history", name: "getClockHistory", scope: .readingsRead, handler: getClockHistory),
            Route(.post, "/meters/{id}/clock/sync", name: "synchronizeClock", query: ["association"], consumes: Self.json, scope: .clockWrite, handler: synchronizeClock),
            Route(.post, "/meters/{id}/readout", name: "readOutMeter", query: ["kind", "numbers", "association"], produces: Self.readoutTypes, scope: .readingsLive, handler: readOut),
            Route(.post, "/meters/{id}/readout-files", name: "importMeterReadouts", query: ["number"], consumes: Self.readoutFile, scope: .metersWrite, handler: importMeterReadouts),
            Route(.post, "/readout-files", name: "importReadouts", query: ["number"], consumes: Self.readoutFile, scope: .metersWrite, handler: importReadouts),
            Route(.post, "/meters/{id}/firmware", name: "uploadFirmware", query: ["identifier", "activate", "association"], consumes: ["application/octet-stream"], scope: .firmwareWrite, handler: uploadFirmware),
            Route(.delete, "/firmware/{digest}", name: "deleteFirmware", scope: .firmwareWrite, handler: deleteFirmware),
            Route(.post, "/meters/{id}/keys/change", name: "changeKeys", consumes: Self.json, scope: .keysManage, handler: changeKeys),
            Route(.post, "/meters/{id}/secret/change", name: "changeSecret", consumes: Self.json, scope: .keysManage, handler: changeSecret),
            Route(.post, "/meters/{id}/secrets/resolve", name: "resolveSecrets", scope: .keysManage, handler: resolveSecrets),
            Route(.get, "/meters/{id}/activity-calendar", name: "getActivityCalendar", query: ["object", "association"], scope: .readingsLive, handler: getActivityCalendar),
            Route(.put, "/meters/{id}/activity-calendar", name: "putActivityCalendar", query: ["object", "association"], consumes: Self.json, scope: .objectsWrite, handler: putActivityCalendar),
            Route(.get, "/meters/{id}/special-days", name: "getSpecialDays", query: ["object", "association"], scope: .readingsLive, handler: getSpecialDays),
            Route(.put, "/meters/{id}/special-days", name: "putSpecialDays", query: ["object", "association"], consumes: Self.json, scope: .objectsWrite, handler: putSpecialDays),
            Route(.get, "/meters/{id}/push-setups/{obis}", name: "getPushSetup", query: ["association"], scope: .readingsLive, handler: getPushSetup),
            Route(.put, "/meters/{id}/push-setups/{obis}", name: "putPushSetup", query: ["association"], consumes: Self.json, scope: .objectsWrite, handler: putPushSetup),
            Route(.get, Self.certificates, name: "listCertificates", query: Self.certificateWords, scope: .readingsLive, handler: listCertificates),
            Route(.post, Self.certificates, name: "importCertificate", query: Self.certificateWords, consumes: Self.certificateTypes, scope: .keysManage, handler: importCertificate),
            Route(.post, Self.certificates + "/key-pairs", name: "generateKeyPair", query: Self.certificateWords, consumes: Self.json, scope: .keysManage, handler: generateKeyPair),
            Route(.post, Self.certificates + "/requests", name: "requestCertificate", query: Self.certificateWords, consumes: Self.json, scope: .keysManage, handler: requestCertificate),
            Route(.get, Self.certificates + "/{certificate}", name: "getCertificate", query: Self.certificateWords, scope: .readingsLive, handler: getCertificate),
            Route(.delete, Self.certificates + "/{certificate}", name: "removeCertificate", query: Self.certificateWords, scope: .keysManage, handler: removeCertificate),
            Route(.get, "/meters/{id}/association", name: "getAssociation", scope: .metersRead, handler: getAssociation),
            Route(.delete, "/meters/{id}/association", name: "releaseAssociation", scope: .metersWrite, handler: releaseAssociation),
            Route(.get, "/meters/{id}/quirks", name: "listMeterQuirks", scope: .metersRead, handler: listMeterQuirks),
            Route(.get, "/meters/{id}/counters", name: "listCounters", scope: .metersRead, handler: listCounters),
            Route(.post, "/meters/{id}/counters/raise", name: "raiseCounter", consumes: Self.json, scope: .keysManage, handler: raiseCounter),
            Route(.delete, "/meters/{id}/quirks", name: "forgetLearnedQuirks", scope: .metersWrite, handler: forgetLearnedQuirks),
            Route(.get, "/models", name: "listModels", scope: .metersRead, handler: listModels),
            Route(.get, "/models/{model}/quirks", name: "listModelQuirks", scope: .metersRead, handler: listModelQuirks),
            Route(.post, "/meters/{id}/check", name: "checkMeter", consumes: Self.json, scope: .readingsLive, handler: checkMeter),
            Route(.get, "/meters/{id}/trace", name: "traceMeter", query: ["decode", "for"], produces: ["application/x-ndjson", "text/event-stream"], scope: .traceRead, handler: traceMeter),
            Route(.get, "/nodes", name: "listNodes", scope: .metersRead, handler: listNodes),
            Route(.delete, "/nodes/{name}", name: "removeNode", scope: .admin, handler: removeNode),
            Route(.get, "/channels", name: "listChannels", query: ["limit", "cursor"], scope: .metersRead, handler: listChannels),
            Route(.get, "/channels/{id}", name: "getChannel", scope: .metersRead, handler: getChannel),
            Route(.put, "/channels/{id}", name: "putChannel", consumes: Self.json, scope: .metersWrite, handler: putChannel),
            Route(.delete, "/channels/{id}", name: "deleteChannel", scope: .metersWrite, handler: deleteChannel),
            Route(.post, "/channels/{id}/hold", name: "holdChannel", consumes: Self.json, scope: .metersWrite, handler: holdChannel),
            Route(.post, "/channels/{id}/drain", name: "drainChannel", scope: .metersWrite, handler: drainChannel),
            Route(.post, "/channels/{id}/resume", name: "resumeChannel", scope: .metersWrite, handler: resumeChannel),
            Route(.get, "/channel-groups", name: "listChannelGroups", query: ["limit", "cursor"], scope: .metersRead, handler: listChannelGroups),
            Route(.get, "/channel-groups/{id}", name: "getChannelGroup", scope: .metersRead, handler: getChannelGroup),
            Route(.put, "/channel-groups/{id}", name: "putChannelGroup", consumes: Self.json, scope: .metersWrite, handler: putChannelGroup),
            Route(.delete, "/channel-groups/{id}", name: "deleteChannelGroup", scope: .metersWrite, handler: deleteChannelGroup),

            Route(.get, "/meters/{id}/objects", name: "listObjects", query: ["class", "q"] + Self.ageWords, scope: .readingsRead, handler: listObjects),
            Route(.get, Self.object, name: "getObject", query: ["attributes"] + Self.valueWords, scope: .readingsRead, handler: getObject),
            Route(.get, Self.object + "/attributes/{n}", name: "getAttribute", query: Self.valueWords + ["scale"] + Self.rangeWords, scope: .readingsRead, handler: getAttribute),
            Route(.put, Self.object + "/attributes/{n}", name: "putAttribute", query: ["class", "association"], consumes: Self.json, scope: .objectsWrite, handler: putAttribute),
            Route(.post, Self.object + "/methods/{n}", name: "invokeMethod", query: ["class", "association"], consumes: Self.json, scope: .methodsInvoke, handler: invokeMethod),
            Route(.get, "/meters/{id}/disconnector", name: "getDisconnector", query: ["object", "association"], scope: .readingsLive, handler: getDisconnector),
            Route(.post, "/meters/{id}/disconnector/orders", name: "createDisconnectorOrder", consumes: Self.json, scope: .disconnectorOperate, handler: createDisconnectorOrder),
            Route(.get, "/system/orders-hold", name: "getOrdersHold", scope: .jobsRead, handler: getOrdersHold),
            Route(.post, "/system/orders-hold", name: "holdOrders", consumes: Self.json, access: .anyScope([.disconnectorOperate, .disconnectorConfirm]), handler: holdOrders),
            Route(.delete, "/system/orders-hold", name: "releaseOrders", scope: .admin, handler: releaseOrders),
            Route(.get, "/system/config", name: "getSystemConfig", scope: .admin, handler: getSystemConfig),
            Route(.get, "/system/log-level", name: "getLogLevel", scope: .admin, handler: getLogLevel),
            Route(.put, "/system/log-level", name: "putLogLevel", consumes: Self.json, scope: .admin, handler: putLogLevel),
            Route(.post, "/meters/{id}/read", name: "readBatch", consumes: Self.json, scope: .readingsLive, handler: readBatch),

            Route(.get, "/meters/{id}/profiles", name: "listProfiles", query: Self.ageWords, scope: .readingsRead, handler: listProfiles),
            Route(.get, Self.profile, name: "getProfile", query: Self.ageWords, scope: .readingsRead, handler: getProfile),
            Route(.get, Self.profile + "/gaps", name: "listProfileGaps", query: ["from", "to"], scope: .readingsRead, handler: listGaps),
            Route(.post, Self.profile + "/recover", name: "recoverProfile", query: ["association"], scope: .readingsLive, handler: recoverProfile),
            Route(.get, "/completeness", name: "listCompleteness", query: ["from", "to", "meter", "profile", "label", "group", "limit", "cursor"], scope: .readingsRead, handler: listCompleteness),
            Route(.get, Self.profile + "/rows", name: "listProfileRows", query: Self.rowWords, produces: Self.readingTypes, scope: .readingsRead, handler: listRows),

            Route(.get, "/webhooks", name: "listWebhooks", query: ["limit", "cursor"], scope: .webhooksWrite, handler: listWebhooks),
            Route(.post, "/webhooks", name: "createWebhook", consumes: Self.json, scope: .webhooksWrite, handler: createWebhook),
            Route(.get, "/webhooks/{id}", name: "getWebhook", scope: .webhooksWrite, handler: getWebhook),
            Route(.put, "/webhooks/{id}", name: "putWebhook", consumes: Self.json, scope: .webhooksWrite, handler: putWebhook),
            Route(.delete, "/webhooks/{id}", name: "deleteWebhook", scope: .webhooksWrite, handler: deleteWebhook),
            Route(.post, "/webhooks/{id}/test", name: "testWebhook", scope: .webhooksWrite, handler: testWebhook),
            Route(.get, "/webhooks/{id}/deliveries", name: "listWebhookDeliveries", query: ["state", "limit", "cursor"], scope: .webhooksWrite, handler: listWebhookDeliveries),
            Route(.get, "/webhooks/{id}/deliveries/{delivery}", name: "getWebhookDelivery", scope: .webhooksWrite, handler: getWebhookDelivery),
            Route(.post, "/webhooks/{id}/deliveries/{delivery}/redeliver", name: "redeliverWebhook", scope: .webhooksWrite, handler: redeliver),

            Route(.get, "/groups", name: "listMeterGroups", query: ["limit", "cursor"], scope: .metersRead, handler: listMeterGroups),
            Route(.post, "/groups", name: "createMeterGroup", consumes: Self.json, scope: .metersWrite, handler: createMeterGroup),
            Route(.get, "/groups/{id}", name: "getMeterGroup", scope: .metersRead, handler: getMeterGroup),
            Route(.put, "/groups/{id}", name: "putMeterGroup", consumes: Self.json, scope: .metersWrite, handler: putMeterGroup),
            Route(.delete, "/groups/{id}", name: "deleteMeterGroup", scope: .metersWrite, handler: deleteMeterGroup),
            Route(.get, "/groups/{id}/members", name: "listMeterGroupMembers", query: ["limit", "cursor"], scope: .metersRead, handler: listMeterGroupMembers),
            Route(.post, "/groups/{id}/members", name: "changeMeterGroupMembers", consumes: Self.json, scope: .metersWrite, handler: changeMeterGroupMembers),

            Route(.get, "/push/senders", name: "listPushSenders", query: ["state", "limit", "cursor"], scope: .eventsRead, handler: listPushSenders),
            Route(.get, "/events", name: "listEvents", query: ["since", "meter", "type", "limit", "cursor", "ticket"], produces: ["application/json", EventStreamText.mediaType], scope: .eventsRead, handler: listEvents),
            Route(.post, "/events/tickets", name: "createEventTicket", access: .anyScope([.eventsRead, .jobsRead]), handler: createEventTicket),
            Route(.get, "/whoami", name: "whoAmI", access: .authenticated, handler: whoAmI),
            Route(.get, "/api-keys", name: "listAPIKeys", query: ["limit", "cursor"], scope: .keysManage, handler: listAPIKeys),
            Route(.post, "/api-keys", name: "createAPIKey", consumes: Self.json, scope: .keysManage, handler: createAPIKey),
            Route(.get, "/api-keys/{id}", name: "getAPIKey", scope: .keysManage, handler: getAPIKey),
            Route(.delete, "/api-keys/{id}", name: "revokeAPIKey", scope: .keysManage, handler: revokeAPIKey),
            Route(.get, "/audit", name: "listAuditRecords", query: ["meter", "action", "job", "limit", "cursor"], scope: .auditRead, handler: listAuditRecords),
            Route(.get, "/audit/chain", name: "checkAuditChain", query: ["cursor"], scope: .auditRead, handler: checkAuditChain),

            Route(.get, "/meters/{id}/readings/latest", name: "getLatestReadings", query: ["names", "numbers"], scope: .readingsRead, handler: getLatestReadings),
            Route(.get, "/meters/{id}/events", name: "listMeterEvents", query: ["log", "from", "to", "last", "source", "maxAge", "association"], scope: .readingsRead, handler: listMeterEvents),
            Route(.get, "/readings", name: "listReadings", query: Self.readingWords, produces: Self.readingTypes, scope: .readingsRead, handler: listReadings),
            Route(.get, "/schedules", name: "listSchedules", query: ["limit", "cursor"], scope: .schedulesRead, handler: listSchedules),
            Route(.post, "/schedules", name: "createSchedule", consumes: Self.json, scope: .schedulesWrite, handler: createSchedule),
            Route(.post, "/schedules/preview", name: "previewSchedule", consumes: Self.json, scope: .schedulesRead, handler: previewSchedule),
            Route(.get, "/schedules/{id}", name: "getSchedule", scope: .schedulesRead, handler: getSchedule),
            Route(.put, "/schedules/{id}", name: "putSchedule", consumes: Self.json, scope: .schedulesWrite, handler: putSchedule),
            Route(.delete, "/schedules/{id}", name: "deleteSchedule", scope: .schedulesWrite, handler: deleteSchedule),
            Route(.get, "/schedules/{id}/next", name: "listNextRuns", query: ["count"], scope: .schedulesRead, handler: listNextRuns),
            Route(.post, "/schedules/{id}/run", name: "runSchedule", scope: .schedulesWrite, handler: runSchedule),
            Route(.post, "/schedules/{id}/pause", name: "pauseSchedule", scope: .schedulesWrite, handler: pauseSchedule),
            Route(.post, "/schedules/{id}/resume", name: "resumeSchedule", scope: .schedulesWrite, handler: resumeSchedule),
            Route(.get, "/reading-sets", name: "listReadingSets", query: ["limit", "cursor"], scope: .schedulesRead, handler: listReadingSets),
            Route(.post, "/reading-sets", name: "createReadingSet", consumes: Self.json, scope: .schedulesWrite, handler: createReadingSet),
            Route(.get, "/reading-sets/{id}", name: "getReadingSet", scope: .schedulesRead, handler: getReadingSet),
            Route(.put, "/reading-sets/{id}", name: "putReadingSet", consumes: Self.json, scope: .schedulesWrite, handler: putReadingSet),
            Route(.delete, "/reading-sets/{id}", name: "deleteReadingSet", scope: .schedulesWrite, handler: deleteReadingSet),

            Route(.get, "/jobs", name: "listJobs", query: ["state", "kind", "meter", "createdAfter", "createdBy", "limit", "cursor"], scope: .jobsRead, handler: listJobs),
            Route(.post, "/jobs", name: "createJob", consumes: Self.json, maximumBodyOctets: 8 << 20, access: .anyScope([.jobsWrite, .disconnectorOperate]), handler: createJob),
            Route(.get, "/jobs/{id}", name: "getJob", scope: .jobsRead, handler: getJob),
            Route(.get, "/jobs/{id}/events", name: "followJob", query: ["ticket"], produces: [EventStreamText.mediaType], scope: .jobsRead, handler: followJob),
            Route(.get, "/jobs/{id}/executions", name: "listJobExecutions", query: ["state", "limit", "cursor"], scope: .jobsRead, handler: listExecutions),
            Route(.get, "/jobs/{id}/result", name: "getJobResult", produces: Self.rowTypes, scope: .jobsRead, handler: getJobResult),
            Route(.post, "/jobs/{id}/confirm", name: "confirmJob", consumes: Self.json, access: .anyScope([.disconnectorOperate, .disconnectorConfirm]), handler: confirmJob),
            Route(.post, "/jobs/{id}/pause", name: "pauseJob", access: .anyScope([.jobsWrite, .disconnectorOperate]), handler: pauseJob),
            Route(.post, "/jobs/{id}/resume", name: "resumeJob", access: .anyScope([.jobsWrite, .disconnectorOperate]), handler: resumeJob),
            Route(.post, "/jobs/{id}/retry", name: "retryJob", access: .anyScope([.jobsWrite, .disconnectorOperate]), handler: retryJob),
            Route(.post, "/jobs/{id}/cancel", name: "cancelJob", access: .anyScope([.jobsWrite, .disconnectorOperate]), handler: cancelJob),
        ])), problem: { [clock = gateway.clock] in problem(of: $0, now: clock.now()) })
    }
}
