// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Logging
import Synchronization

/// A part of the gateway whose lines in the log have a level of their own.
public enum LogComponent: String, CaseIterable, Hashable, Sendable {
    /// Start, stop, settings, retention: everything that is no other part.
    case gateway
    /// Requests of callers.
    case http
    /// Connections to meters, and the counters that they use.
    case meters
    /// Jobs, schedules, and gaps that are filled.
    case jobs
    /// What meters push, and meters that dial in.
    case push
    /// Webhooks and the MQTT broker.
    case delivery
    /// The other gateways on the database.
    case cluster
}

/// The least level that each part of the gateway logs, which may change while it runs.
public final class LogLevels: Sendable {
    private struct State {
        var level: Logger.Level
        var own: [LogComponent: Logger.Level]
    }

    private let shared: [LogComponent: SharedLogLevel]
    private let state: Mutex<State>

    /// Begins with one level for all parts.
    public init(_ level: Logger.Level = .info) {
        shared = Dictionary(uniqueKeysWithValues: LogComponent.allCases.map { ($0, SharedLogLevel(level)) })
        state = Mutex(State(level: level, own: [:]))
    }

    /// The level of the parts that have none of their own.
    public var level: Logger.Level { state.withLock { $0.level } }

    /// The level of a part.
    public subscript(component: LogComponent) -> Logger.Level { place(of: component).level }

    /// Sets all levels.
    ///
    /// - Parameters:
    ///   - level: of the parts that are not named.
    ///   - own: of single parts.
    public func set(_ level: Logger.Level, _ own: [LogComponent: Logger.Level] = [:]) {
        state.withLock { state in
            state = State(level: level, own: own)
            for component in LogComponent.allCases { place(of: component).level = own[component] ?? level }
        }
    }

    /// Where the loggers of a part look their level up.
    public func place(of component: LogComponent) -> SharedLogLevel {
        // There is one for every part.
        shared[component] ?? SharedLogLevel(.info)
    }
}

/// A level that many loggers share.
public final class SharedLogLevel: Sendable {
    private let place: Atomic<Int>

    /// Begins with a level.
    public init(_ level: Logger.Level) {
        place = Atomic(Self.place(of: level))
    }

    /// The least level that is logged.
    public var level: Logger.Level {
        get { Logger.Level.allCases[place.load(ordering: .relaxed)] }
        set { place.store(Self.place(of: newValue), ordering: .relaxed) }
    }

    private static func place(of level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }
}
