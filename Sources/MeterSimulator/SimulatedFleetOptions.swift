// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSEngine
public import DLMSSecurity
import Timekeeping

extension SimulatedFleet {
    /// How the meters of a fleet are.
    public struct Options: Sendable {
        /// The password of the reading client, 32.
        public var readerPassword = Secret(text: "12345678")
        /// The password of the managing client, 1.
        public var managerPassword = Secret(text: "12345678")
        /// The keys of the meters, and the suite they are for.
        public var security = SimulatedSecurity()
        /// How long every answer is held back.
        public var answerDelay: Duration = .zero
        /// How messages are framed.
        public var framing = ServerFraming.wrapper
        /// Whether the next client has to wait until the one before has left.
        public var servesOneAtATime = false
        /// The longest APDU a meter takes and sends, in octets.
        public var maxPDUSize: UInt16 = 1024
        /// The services a meter has.
        public var conformance = AssociationSettings.fullConformance
        /// How many octets each block of a firmware image has.
        public var imageBlockSize: UInt32 = 512
        /// How many rows the load profile has, 96 a day.
        public var rows = 3360
        /// What decides about the meters' past; equal seeds give equal data.
        public var seed: UInt64 = 1
        /// Minutes that the meters' local time is ahead of UTC, all year; a multiple of 15.
        public var offsetMinutes = 60
        /// Seconds that the meters' clocks are ahead of true time at first.
        public var clockShiftSeconds: Int64 = 0
        /// True time in seconds since 1970-01-01T00:00:00Z.
        public var now: @Sendable () -> Int64 = { SystemWallClock().now().seconds }

        /// The usual meters.
        public init() {}
    }
}
