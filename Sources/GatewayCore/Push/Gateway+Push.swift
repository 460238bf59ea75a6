// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport
public import Timekeeping

extension Gateway {
    /// An address that pushes, in times of day.
    public struct PushSender: Sendable {
        /// What is known of it.
        public let status: PushSenderStatus
        /// When it was first heard.
        public let firstSeen: Timestamp
        /// When it was last heard.
        public let lastSeen: Timestamp
    }

    /// The addresses that push, in the order of their text; empty when nothing listens for them.
    public var pushSenders: [PushSender] {
        let present = PresentTime(clock)
        return (pushIntake?.senders ?? []).map { status in
            PushSender(
                status: status,
                firstSeen: present.timestamp(of: status.firstSeen),
                lastSeen: present.timestamp(of: status.lastSeen)
            )
        }
    }

    /// What came of everything that was pushed; nil when nothing listens for it.
    public var pushCounters: PushCounters? { pushIntake?.counters }
}
