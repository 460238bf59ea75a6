// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs
import Timekeeping

/// How disconnectors and what orders did to them look in JSON.
enum DisconnectorRepresentation {
    /// Writes what a disconnector shows as members of an object that is begun.
    static func writeMembers(_ reading: DisconnectorReading, into writer: inout JSONWriter) {
        writer.member("outputState", reading.isOutputClosed)
        writer.member("controlState", reading.state.name)
        writer.member("controlMode", reading.mode?.rawValue)
        writer.member("allowedOrders", reading.allowedOrders.map(\.word))
    }

    /// Writes what a disconnector showed at a moment.
    static func write(_ reading: DisconnectorReading?, into writer: inout JSONWriter) {
        guard let reading else { return writer.null() }
        writer.beginObject()
        writeMembers(reading, into: &writer)
        writer.member("readAt", reading.readAt.rfc3339)
        writer.endObject()
    }

    /// Writes what came of an order.
    ///
    /// - Parameter earlier: what ``kept(before:)`` gave before the command was sent.
    static func write(
        _ outcome: DisconnectorOutcome,
        earlier: [UInt8]?,
        meter: String,
        into writer: inout JSONWriter
    ) {
        let kept = earlier.flatMap { try? JSONReader.parse($0) }
        writer.beginObject()
        writer.member("meter", meter)
        writer.member("action", outcome.order.action.word)
        writer.member("noop", outcome.isNoop)
        writer.member("dryRun", outcome.order.isDryRun)
        writer.member("verified", outcome.after != nil && !outcome.order.isDryRun)
        writer.member("resolvedByReading", outcome.isResolved)
        writer.member("customerActionNeeded", outcome.isCustomerActionNeeded)
        writer.name("before")
        if outcome.before == nil, let before = kept?["before"] {
            writer.value(before)
        } else {
            write(outcome.before, into: &writer)
        }
        writer.name("after")
        write(outcome.after, into: &writer)
        writer.member("sentAt", outcome.sentAt?.rfc3339)
        writer.member("commandSeconds", outcome.exchange.map { ProcedureRepresentation.seconds($0) })
        writer.name("registers")
        if outcome.registers == nil, let registers = kept?["registers"] {
            writer.value(registers)
        } else {
            write(outcome.registers, into: &writer)
        }
        writer.endObject()
    }

    /// Writes what was found before a command is sent.
    static func kept(before outcome: DisconnectorOutcome, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("before")
        write(outcome.before, into: &writer)
        writer.name("registers")
        write(outcome.registers, into: &writer)
        writer.endObject()
    }

    /// Writes what an order would do.
    static func write(_ preview: OrderPreview, meter: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", meter)
        writer.member("action", preview.order.action.word)
        writer.member("dryRun", true)
        writer.member("wouldSend", preview.wouldSend)
        writer.member("noop", preview.state.map { !preview.wouldSend && isFulfilled(preview.order, $0) } ?? false)
        writer.member("confirm", preview.order.confirmation.rawValue)
        writer.member("checks", preview.checks) { check, writer in
            writer.member("check", check.subject.rawValue)
            writer.member("ok", check.failure == nil)
            if let failure = check.failure {
                writer.name("problem")
                Problem(failure).write(into: &writer)
            }
        }
        writer.name("state")
        write(preview.state, into: &writer)
        writer.endObject()
    }

    private static func isFulfilled(_ order: DisconnectorOrder, _ reading: DisconnectorReading) -> Bool {
        order.action == .disconnect ? reading.state == .disconnected : reading.state != .disconnected
    }

    private static func write(_ answer: ReadAnswer?, into writer: inout JSONWriter) {
        guard let answer else { return writer.null() }
        writer.beginObject()
        ReadingRepresentation().writeMembers(answer, into: &writer)
        writer.endObject()
    }
}
