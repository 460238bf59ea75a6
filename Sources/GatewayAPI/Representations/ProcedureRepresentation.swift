// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import JSONText
import Timekeeping

/// How clocks and firmware transfers look in JSON.
enum ProcedureRepresentation {
    /// Writes what a clock shows as members of an object that is begun.
    static func writeMembers(_ reading: ClockReading, into writer: inout JSONWriter) {
        writer.member("time", reading.time.iso)
        writer.member("hex", Hexadecimal.text(of: reading.time.dateTime.octets))
        writer.member("instant", reading.time.utcSeconds.map { Timestamp(seconds: $0).rfc3339 })
        writer.member("source", reading.time.source.rawValue)
        writer.member("reasons", reading.time.reasons)
        writer.member("readAt", reading.readAt.rfc3339)
        writer.member("offsetSeconds", reading.offset.map(seconds))
        writer.member("uncertaintySeconds", seconds(reading.uncertainty))
    }

    /// Writes how fast a clock gets wrong, or null.
    static func write(_ drift: ClockDrift?, named name: String, into writer: inout JSONWriter) {
        writer.name(name)
        guard let drift else {
            writer.null()
            return
        }
        writer.beginObject()
        writer.member("ppm", (drift.partsPerMillion * 100).rounded() / 100)
        writer.member("uncertaintyPpm", (drift.uncertainty * 100).rounded() / 100)
        writer.member("samples", drift.sampleCount)
        writer.member("from", drift.range.lowerBound.rfc3339)
        writer.member("to", drift.range.upperBound.rfc3339)
        writer.endObject()
    }

    /// Writes how a meter's settings agree with its configured zone, or null.
    static func write(_ zone: ClockZone?, named name: String, into writer: inout JSONWriter) {
        writer.name(name)
        guard let zone else {
            writer.null()
            return
        }
        writer.beginObject()
        writer.member("agrees", zone.isCompared ? zone.differences.isEmpty : nil)
        writer.member("differences", zone.differences.map(\.rawValue))
        writer.member("standardOffsetMinutes", zone.standardOffsetMinutes)
        writer.member("nextChange", zone.nextChange?.rfc3339)
        writer.endObject()
    }

    /// Writes one sample of a clock.
    static func write(_ sample: ClockSample, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("readAt", sample.at.rfc3339)
        writer.member("offsetSeconds", seconds(sample.offset))
        writer.member("uncertaintySeconds", seconds(sample.uncertainty))
        writer.member("corrected", sample.isCorrected)
        writer.endObject()
    }

    /// Writes what came of correcting a clock.
    static func write(_ outcome: ClockSyncOutcome, meter: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", meter)
        writer.member("mode", outcome.wish.mode.rawValue)
        writer.member("adjusted", outcome.isAdjusted)
        writer.member("dryRun", outcome.wish.isDryRun)
        writer.name("before")
        write(outcome.before, into: &writer)
        writer.name("after")
        if let after = outcome.after { write(after, into: &writer) } else { writer.null() }
        writer.member("association", outcome.before.association)
        writer.endObject()
    }

    /// Writes what came of a firmware transfer.
    static func write(_ outcome: FirmwareOutcome, meter: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", meter)
        writer.member("image", outcome.order.image)
        writer.member("identifier", Hexadecimal.text(of: outcome.order.identifier))
        writer.member("size", outcome.size)
        writer.member("blocks", outcome.blocks)
        writer.member("blocksSent", outcome.blocksSent)
        writer.member("resumed", outcome.isResumed)
        writer.member("activated", outcome.isActivated)
        writer.endObject()
    }

    /// Writes what came of replacing secrets; the secrets themselves are never shown.
    static func write(_ outcome: SecretChangeOutcome, meter: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", meter)
        writer.member("state", outcome.state.rawValue)
        writer.member("places", outcome.places.map(\.text))
        writer.endObject()
    }

    /// Writes how far a firmware transfer is.
    static func write(_ progress: FirmwareProgress, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("phase", progress.phase.rawValue)
        writer.member("done", progress.blocksDone)
        writer.member("total", progress.blocks)
        writer.member("unit", "blocks")
        writer.endObject()
    }

    private static func write(_ reading: ClockReading, into writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(reading, into: &writer)
        writer.endObject()
    }

    /// A duration in seconds, to the millisecond.
    static func seconds(_ duration: Duration) -> Double {
        let microseconds = duration / .microseconds(1)
        return (microseconds / 1000).rounded() / 1000
    }
}
