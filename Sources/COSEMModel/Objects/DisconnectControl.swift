// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The states and rules of disconnect control (Blue Book, class 70).
public enum DisconnectControl {
    /// Attribute 3, control_state.
    public enum State: UInt8, CaseIterable, Sendable {
        /// The output is open.
        case disconnected = 0
        /// The output is closed.
        case connected = 1
        /// The output is open and may be closed by hand.
        case readyForReconnection = 2

        /// The name: "disconnected", "connected" or "ready-for-reconnection".
        public var name: String {
            switch self {
            case .disconnected: "disconnected"
            case .connected: "connected"
            case .readyForReconnection: "ready-for-reconnection"
            }
        }
    }

    /// An order that comes over the line: methods 1 and 2.
    public enum Order: Int8, CaseIterable, Sendable {
        /// Method 1, remote_disconnect.
        case disconnect = 1
        /// Method 2, remote_reconnect.
        case reconnect = 2
    }

    /// Attribute 4, control_mode: which ways out of a state are open.
    ///
    /// | mode | remote disconnect | remote reconnect | by hand |
    /// |---|---|---|---|
    /// | 0 | no | no | no |
    /// | 1 | yes | to ready-for-reconnection | disconnect, reconnect |
    /// | 2 | yes | to connected | disconnect, reconnect |
    /// | 3 | yes | to ready-for-reconnection | reconnect |
    /// | 4 | yes | to connected | reconnect |
    /// | 5 | yes | to ready-for-reconnection | disconnect, reconnect; the meter may reconnect itself |
    /// | 6 | yes | to ready-for-reconnection | reconnect; the meter may reconnect itself |
    public enum Mode: UInt8, CaseIterable, Sendable {
        /// Always connected.
        case mode0 = 0
        /// By hand both ways; remote reconnection waits for the hand.
        case mode1
        /// By hand both ways; remote reconnection at once.
        case mode2
        /// By hand only back; remote reconnection waits for the hand.
        case mode3
        /// By hand only back; remote reconnection at once.
        case mode4
        /// By hand both ways; the meter may reconnect itself.
        case mode5
        /// By hand only back; the meter may reconnect itself.
        case mode6

        /// Where an order leads from a state; nil if the mode does not allow it there.
        public func state(after order: Order, from state: State) -> State? {
            switch (order, state) {
            case (.disconnect, .connected), (.disconnect, .readyForReconnection):
                self == .mode0 ? nil : .disconnected
            case (.reconnect, .disconnected):
                switch self {
                case .mode0: nil
                case .mode2, .mode4: .connected
                case .mode1, .mode3, .mode5, .mode6: .readyForReconnection
                }
            case (.disconnect, .disconnected), (.reconnect, .connected), (.reconnect, .readyForReconnection): nil
            }
        }

        /// The orders that may be given in a state.
        public func orders(in state: State) -> [Order] {
            Order.allCases.filter { self.state(after: $0, from: state) != nil }
        }
    }
}
