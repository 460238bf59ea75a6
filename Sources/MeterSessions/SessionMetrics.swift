// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Counts since the start, and how things stand now.
public struct SessionMetrics: Hashable, Sendable {
    /// What came of an exchange.
    public enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// The meter answered.
        case answered
        /// The meter did not answer in time.
        case timeout
        /// The connection ended.
        case closed
        /// The meter answered with an error or with nonsense.
        case refused
        /// Nobody waited for the answer any more.
        case cancelled
    }

    /// What an exchange was, and what came of it.
    public struct ExchangeLabel: Hashable, Sendable {
        /// The service.
        public var service: ServiceRequest.Service
        /// The outcome.
        public var outcome: Outcome

        /// Pairs service and outcome.
        public init(service: ServiceRequest.Service, outcome: Outcome) {
            self.service = service
            self.outcome = outcome
        }
    }

    /// Why no association came about.
    public enum AssociationFailure: String, Hashable, Sendable, CaseIterable {
        /// The host name has no address.
        case nameNotResolved
        /// Nobody listens.
        case refused
        /// The network does not lead there, or not in time.
        case unreachable
        /// The meter did not answer.
        case timeout
        /// The connection ended.
        case closed
        /// The meter rejected the association.
        case rejected
        /// The meter answered with something else.
        case malformed
        /// There were no invocation counters for it.
        case noCounters
        /// Nobody waited for it any more.
        case cancelled
    }

    /// Exchanges by service and outcome.
    public var exchanges: [ExchangeLabel: Int] = [:]
    /// Associations that did not come about, by reason.
    public var associationFailures: [AssociationFailure: Int] = [:]
    /// Connections opened.
    public var connections = 0
    /// Sessions that had been dropped and were replaced without failing their request.
    public var replacements = 0
    /// Callers served by another caller's read.
    public var sharedReads = 0
    /// Reads that ended early or began again to make way for urgent work.
    public var interruptions = 0
    /// Times that a meter or a line began to be left alone.
    public var breakersOpened = 0
    /// Requests refused because of that.
    public var breakerRefusals = 0
    /// Connections that waited for the limit of new connections.
    public var delayedConnections = 0
    /// Meters and lines that have a pause now, those about to be tried again included.
    public var openBreakers = 0
    /// Channels of groups that are busy or hold a connection now.
    public var activeInGroups = 0
    /// Channels that wait for another one of their group now.
    public var waitingForGroups = 0
    /// Channels that an operator holds or drains now.
    public var controlledChannels = 0
    /// Associations open now.
    public var openAssociations = 0
    /// Requests waiting for their channel now.
    public var queueLength = 0
    /// Channels with anything to do or open now.
    public var channels = 0

    /// All counts at zero.
    public init() {}
}
