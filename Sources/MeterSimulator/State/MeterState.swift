// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import MeterTransport

/// What changes in a meter by what is done to it; everything else follows from time and identity.
struct MeterState: Sendable {
    /// A time without supply to the household; open while it lasts.
    struct Outage: Hashable, Sendable {
        let from: Int64
        /// What the load model says at its start.
        let energiesAtStart: LoadModel.Totals
        var to: Int64 = .max
        /// What was not used; known when it is over.
        var loss = LoadModel.Totals()
    }

    /// Seconds that the meter's clock is ahead of true time.
    var clockShift: Int64
    var controlState = DisconnectControl.State.connected
    var controlMode = DisconnectControl.Mode.mode4
    var outages: [Outage] = []
    var standardEvents = EventLog()
    var disconnectorEvents = EventLog()
    /// Keys, passwords and certificates.
    var security: SecurityState
    /// The transfer of firmware.
    var image = ImageTransferState()
    /// How often each push set-up was told to push.
    var pushes: [OBISCode: Int] = [:]
    /// Push set-ups whose data are to be sent to the clients that told them to push.
    var duePushes: [(setup: OBISCode, client: ClientAddress)] = []
    /// What carries pushes to destinations, if anything does.
    var network: MeterNetwork?
    /// Values that were written, by attribute.
    var written: [AttributeDescriptor: DLMSData] = [:]
    /// When the maximum demand was reset last.
    var demandResetTime: Int64 = 0
    /// When each profile was emptied last.
    var profileResetTimes: [OBISCode: Int64] = [:]
    var powerFailures: UInt16
    var configurationChanges: UInt16 = 3

    init(identity: MeterIdentity, options: SimulatedFleet.Options, time: Int64) {
        clockShift = options.clockShiftSeconds
        security = SecurityState(options)
        let noise = Noise(seed: identity.seed)
        powerFailures = UInt16(4 + noise.value(below: 9, stream: 20, at: 0))
        // A past: short failures of the supply in the last weeks.
        let today = time / 86_400
        for daysAgo in stride(from: Int64(40), to: 1, by: -1)
        where
            noise.value(below: 9, stream: 21, at: today - daysAgo) == 0
        {
            let day = (today - daysAgo) * 86_400
            let start = day + Int64(noise.value(below: 80_000, stream: 22, at: day))
            standardEvents.append(EventCode.powerDown, at: start)
            standardEvents.append(
                EventCode.powerUp,
                at: start + 5 + Int64(noise.value(below: 200, stream: 23, at: day))
            )
        }
    }

    /// Whether the output of the disconnector is closed.
    var isOutputClosed: Bool { controlState == .connected }

    /// Moves the disconnector and remembers since when there is no supply.
    mutating func move(to state: DisconnectControl.State, at time: Int64, event: UInt8, load: LoadModel) {
        if isOutputClosed, state != .connected {
            outages.append(Outage(from: time, energiesAtStart: load.totals(at: time)))
        }
        if !isOutputClosed, state == .connected, let last = outages.indices.last {
            outages[last].to = time
            outages[last].loss = load.totals(at: time) - outages[last].energiesAtStart
        }
        controlState = state
        disconnectorEvents.append(event, at: time)
    }

    /// Sets the clock and logs both times.
    mutating func setClock(to target: Int64, trueTime: Int64) {
        standardEvents.append(EventCode.clockBeforeAdjustment, at: trueTime + clockShift)
        clockShift = target - trueTime
        standardEvents.append(EventCode.clockAfterAdjustment, at: target)
    }
}
