// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import MeterSessions
public import Timekeeping

/// How things stand with a channel, in times of day.
public struct ChannelStanding: Sendable {
    /// What a channel does, in the words of the API.
    public enum State: String, CaseIterable, Sendable {
        /// Nothing; a connection may be open.
        case idle
        /// It connects or associates, or waits until it may.
        case connecting
        /// An exchange is in progress.
        case busy
        /// An operator holds it: what is asked for waits.
        case held
        /// An operator drains it: it finishes what waits and takes nothing new.
        case draining
        /// It could not be opened so often that it is left alone for a while.
        case broken
    }

    /// A failure with its time of day.
    public struct Failure: Sendable {
        /// What went wrong.
        public let error: GatewayError
        /// The identifier of the meter that was meant.
        public let meter: String
        /// When it was.
        public let at: Timestamp
    }

    /// What the connection manager says.
    public let status: ChannelStatus
    /// What the channel does.
    public let state: State
    /// Since when the holder has the channel.
    public let holderSince: Timestamp?
    /// When a hold ends by itself.
    public let heldUntil: Timestamp?
    /// Why an operator holds the channel.
    public let holdReason: String?
    /// When the pause of the breaker is over.
    public let breakerUntil: Timestamp?
    /// The last failure since the start.
    public let lastFailure: Failure?

    init(_ status: ChannelStatus, _ present: PresentTime) {
        self.status = status
        state = State(status)
        holderSince = status.holder.map { present.timestamp(of: $0.since) }
        if case .held(let until, let reason) = status.control {
            heldUntil = until.map { present.timestamp(of: $0) }
            holdReason = reason
        } else {
            heldUntil = nil
            holdReason = nil
        }
        breakerUntil = status.breaker.until.map { present.timestamp(of: $0) }
        lastFailure = status.lastFailure.flatMap { failure in
            MeterID(failure.meter).map { meter in
                let context = ExchangeContext(
                    meter: meter,
                    association: "",
                    channel: status.key.text,
                    endpoint: status.key.text,
                    timeouts: MeterTimeouts(),
                    service: .get,
                    present: present
                )
                return Failure(
                    error: GatewayError(failure.error, context, waited: .zero),
                    meter: failure.meter,
                    at: present.timestamp(of: failure.instant)
                )
            }
        }
    }
}

extension ChannelStanding.State {
    fileprivate init(_ status: ChannelStatus) {
        switch (status.control, status.breaker.state, status.state) {
        case (.held, _, _): self = .held
        case (.draining, _, _): self = .draining
        case (.free, .open, _): self = .broken
        case (.free, _, .busy): self = .busy
        case (.free, _, .connecting), (.free, _, .waitingForGroup), (.free, _, .waitingToConnect): self = .connecting
        case (.free, _, .idle), (.free, _, .associated), (.free, _, .held): self = .idle
        }
    }
}
