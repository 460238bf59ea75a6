// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import Fleet
public import Timekeeping

/// What a disconnector shows.
public struct DisconnectorReading: Hashable, Sendable {
    /// The object.
    public let object: MeterObject
    /// Whether the output is closed (attribute 2); nil when the meter does not say.
    public let isOutputClosed: Bool?
    /// The state (attribute 3), or what follows from the output when the meter shows that only.
    public let state: DisconnectControl.State
    /// The control mode (attribute 4); nil when the meter does not say, or has one that the standard does not.
    public let mode: DisconnectControl.Mode?
    /// The association in which it was read.
    public let association: String
    /// When.
    public let readAt: Timestamp

    /// The orders that the mode allows now; with an unknown mode the meter decides.
    public var allowedOrders: [DisconnectControl.Order] {
        DisconnectControl.Order.allCases.filter { order in
            mode.map { $0.state(after: order, from: state) != nil } ?? !order.isFulfilled(by: state)
        }
    }
}

/// What came of an order at a meter.
public struct DisconnectorOutcome: Sendable {
    /// The order.
    public let order: DisconnectorOrder
    /// What the disconnector showed before; nil where that is only in what was kept before sending.
    public var before: DisconnectorReading?
    /// What it shows now; nil when it was not read back.
    public var after: DisconnectorReading?
    /// The registers that were read before.
    public var registers: ReadAnswer?
    /// When the command was permitted; nil when none was sent.
    public var sentAt: Timestamp?
    /// How long the meter took to answer the command.
    public var exchange: Duration?
    /// Whether the disconnector was in the wanted state already, so that nothing was sent.
    public var isNoop = false
    /// Whether the outcome was found by reading because the answer was missing.
    public var isResolved = false

    /// Makes an outcome in which nothing was done yet.
    init(order: DisconnectorOrder) {
        self.order = order
    }

    /// Whether supply comes back only when the customer does something.
    public var isCustomerActionNeeded: Bool {
        order.action == .reconnect && after?.state == .readyForReconnection
    }
}

/// One of the things that decide whether an order is sent.
public struct OrderCheck: Sendable {
    /// What was looked at.
    public enum Subject: String, CaseIterable, Sendable {
        /// Whether orders are held.
        case hold
        /// Whether the meter is protected.
        case protected
        /// Whether disconnections may be sent at this time of day.
        case window
        /// How many disconnections may be sent in an hour.
        case fuse
        /// Whether somebody can confirm it as it needs.
        case confirmation
        /// Whether the meter has a disconnector and shows its state.
        case disconnector
        /// Whether the state is the expected one.
        case expectedState = "expected-state"
        /// Whether the control mode allows it.
        case controlMode = "control-mode"
    }

    /// What was looked at.
    public let subject: Subject
    /// Why the order would not be sent; nil when this is no reason.
    public let failure: GatewayError?
}

/// What an order would do.
public struct OrderPreview: Sendable {
    /// The order, with the confirmation that it would need.
    public let order: DisconnectorOrder
    /// Everything that was looked at.
    public let checks: [OrderCheck]
    /// What the disconnector shows; nil when it could not be read.
    public let state: DisconnectorReading?

    /// Whether the command would be sent.
    public var wouldSend: Bool {
        checks.allSatisfy { $0.failure == nil } && state.map { !order.action.isFulfilled(by: $0.state) } == true
    }
}
