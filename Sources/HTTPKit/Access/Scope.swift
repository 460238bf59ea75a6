// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One thing that a caller may be allowed to do; a route names the one it needs.
public enum Scope: String, CaseIterable, Hashable, Sendable, Comparable {
    /// See which meters, channels and groups there are.
    case metersRead = "meters:read"
    /// Register, change and remove meters, channels and groups.
    case metersWrite = "meters:write"
    /// See what was read and stored, object lists included.
    case readingsRead = "readings:read"
    /// Have a meter asked, which takes time on its line.
    case readingsLive = "readings:live"
    /// Write attributes of meters.
    case objectsWrite = "objects:write"
    /// Invoke methods of meters, but for those that have a scope of their own.
    case methodsInvoke = "methods:invoke"
    /// Set and shift clocks.
    case clockWrite = "clock:write"
    /// Order that supply is cut or given back.
    case disconnectorOperate = "disconnector:operate"
    /// Confirm what somebody else ordered.
    case disconnectorConfirm = "disconnector:confirm"
    /// Send firmware to meters.
    case firmwareWrite = "firmware:write"
    /// See jobs and their results.
    case jobsRead = "jobs:read"
    /// Make jobs and steer them; each kind needs the scope of what it does besides.
    case jobsWrite = "jobs:write"
    /// See schedules and reading sets.
    case schedulesRead = "schedules:read"
    /// Make, change and remove schedules and reading sets.
    case schedulesWrite = "schedules:write"
    /// See the events of the fleet.
    case eventsRead = "events:read"
    /// Say where events are sent to.
    case webhooksWrite = "webhooks:write"
    /// Watch the messages that go between the gateway and a meter.
    case traceRead = "trace:read"
    /// See the audit log.
    case auditRead = "audit:read"
    /// Change keys and certificates of meters, and manage the API keys of callers.
    case keysManage = "keys:manage"
    /// See the metrics of the gateway.
    case metricsRead = "metrics:read"
    /// Everything.
    case admin

    /// Orders scopes as they are declared.
    public static func < (left: Scope, right: Scope) -> Bool { left.rank < right.rank }

    private static let ranks = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    private var rank: Int { Self.ranks[self] ?? 0 }
}
