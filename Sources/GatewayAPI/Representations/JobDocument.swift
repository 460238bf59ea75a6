// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs
import Timekeeping

/// How jobs look in JSON.
enum JobDocument {
    /// Writes a job.
    static func write(_ job: JobRecord, basePath: String, now: Timestamp, into writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(job, now: now, into: &writer)
        writeLinks(job, basePath, into: &writer)
        writer.member("traceId", job.specification.traceID)
        writer.endObject()
    }

    /// Writes what a job is and where it stands.
    static func writeMembers(_ job: JobRecord, now: Timestamp, into writer: inout JSONWriter) {
        let specification = job.specification
        writer.member("id", job.id.text)
        writer.member("kind", specification.kind.rawValue)
        writer.member("state", job.state.rawValue)
        writer.member("createdAt", job.createdAt.rfc3339)
        writer.member("createdBy", specification.createdBy)
        writer.member("startedAt", job.startedAt?.rfc3339)
        writer.member("finishedAt", job.finishedAt?.rfc3339)
        writer.member("startAt", specification.startAt?.rfc3339)
        writer.member("expiresAt", specification.expiresAt?.rfc3339)
        if let moment = specification.confirmBefore { writer.member("confirmBefore", moment.rfc3339) }
        writer.member("priority", specification.priority)
        if let selection = specification.selection {
            writer.name("target")
            writer.raw(selection)
        }
        writer.name("operation")
        writer.beginObject()
        writer.name(specification.kind.memberName)
        writer.raw(specification.payload)
        writer.endObject()
        if let limits = specification.limits.document { writer.member("limits", limits) }
        writer.name("retry")
        writer.beginObject()
        writer.member("max", specification.retry.max)
        writer.member("backoff", specification.retry.backoff.iso8601)
        writer.member("maxBackoff", specification.retry.maxBackoff.iso8601)
        writer.endObject()
        writer.name("progress")
        writer.beginObject()
        writer.member("total", job.progress.total)
        writer.member("done", job.progress.done)
        writer.member("succeeded", job.progress.succeeded)
        writer.member("failed", job.progress.failed)
        writer.member("unknown", job.progress.unknown)
        writer.member("cancelled", job.progress.cancelled)
        writer.member("expired", job.progress.expired)
        writer.member("running", job.progress.running)
        let start = job.state.isActive ? job.startedAt : nil
        writer.member("etaSeconds", start.flatMap { job.progress.remainingSeconds(since: $0, at: now) })
        writer.endObject()
        writeOrder(job, into: &writer)
        if job.isCancelRequested, !job.state.isFinal { writer.member("cancelRequested", true) }
    }

    private static func writeLinks(_ job: JobRecord, _ basePath: String, into writer: inout JSONWriter) {
        writer.name("links")
        writer.beginObject()
        let path = "\(basePath)/jobs/\(job.id.text)"
        writer.member("self", path)
        writer.member("executions", path + "/executions")
        switch job.state {
        case .awaitingConfirmation: writer.member("confirm", path + "/confirm")
        case .scheduled, .queued, .running: writer.member("pause", path + "/pause")
        case .paused: writer.member("resume", path + "/resume")
        case .succeeded: writer.member("result", path + "/result")
        case .partiallySucceeded, .failed, .cancelled, .expired:
            writer.member("result", path + "/result")
            writer.member("retry", path + "/retry")
        }
        if !job.state.isFinal { writer.member("cancel", path + "/cancel") }
        writer.endObject()
    }

    /// Writes what only orders have: who has to confirm it, and why it was not sent in time.
    private static func writeOrder(_ job: JobRecord, into writer: inout JSONWriter) {
        guard let order = job.disconnectorOrder else { return }
        if job.state == .awaitingConfirmation, let token = try? Gateway.confirmationToken(of: job) {
            writer.name("confirmation")
            writer.beginObject()
            writer.member("policy", order.confirmation.rawValue)
            writer.member("token", token)
            writer.member("count", job.progress.total)
            writer.member("before", job.specification.confirmBefore?.rfc3339)
            writer.endObject()
        }
        if let lapse = job.orderLapse {
            writer.name("problem")
            Problem(lapse).write(into: &writer)
        }
    }

    /// Writes the execution on one meter.
    static func write(_ execution: ExecutionRecord, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", execution.target)
        writer.member("state", execution.state.rawValue)
        writer.member("attempts", execution.attempts)
        writer.member("startedAt", execution.startedAt?.rfc3339)
        writer.member("finishedAt", execution.finishedAt?.rfc3339)
        if let progress = execution.progress {
            writer.name("progress")
            writer.raw(progress)
        }
        writer.name("result")
        if let result = execution.result { writer.raw(result) } else { writer.null() }
        writer.name("problem")
        if let problem = execution.problem, execution.state != .succeeded {
            writer.raw(problem.document)
        } else {
            writer.null()
        }
        writer.endObject()
    }
}

/// Writes down outcomes of jobs in the words of the API.
struct JSONJobRepresentation: JobRepresentation {
    func result(of answer: ReadAnswer, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 300 * (answer.outcomes.count + 1))
        writer.beginObject()
        ReadingRepresentation().writeMembers(answer, into: &writer)
        writer.endObject()
        return writer.takeOctets()
    }

    func result(of rows: RowsAnswer, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 200 * (rows.count + 10))
        ProfileRepresentation().write(rows, meter: meter.text, next: nil, into: &writer)
        return writer.takeOctets()
    }

    func result(of outcome: WriteOutcome, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        CommandRepresentation.writeMembers(outcome, into: &writer)
        writer.endObject()
        return writer.takeOctets()
    }

    func result(of outcome: MethodOutcome, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        CommandRepresentation.writeMembers(outcome, into: &writer)
        writer.endObject()
        return writer.takeOctets()
    }

    func result(of discovery: MeterDiscovery) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 600 * (discovery.objects.entries.count + 10))
        DiscoveryRepresentation.write(discovery, into: &writer)
        return writer.takeOctets()
    }

    func result(of outcome: ClockSyncOutcome, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        ProcedureRepresentation.write(outcome, meter: meter.text, into: &writer)
        return writer.takeOctets()
    }

    func result(of outcome: FirmwareOutcome, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        ProcedureRepresentation.write(outcome, meter: meter.text, into: &writer)
        return writer.takeOctets()
    }

    func result(of outcome: SecretChangeOutcome, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        ProcedureRepresentation.write(outcome, meter: meter.text, into: &writer)
        return writer.takeOctets()
    }

    func result(of outcome: DisconnectorOutcome, earlier: [UInt8]?, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        DisconnectorRepresentation.write(outcome, earlier: earlier, meter: meter.text, into: &writer)
        return writer.takeOctets()
    }

    func kept(before outcome: DisconnectorOutcome) -> [UInt8] {
        var writer = JSONWriter()
        DisconnectorRepresentation.kept(before: outcome, into: &writer)
        return writer.takeOctets()
    }

    func progress(_ progress: FirmwareProgress) -> [UInt8] {
        var writer = JSONWriter()
        ProcedureRepresentation.write(progress, into: &writer)
        return writer.takeOctets()
    }

    func result(of recovery: GapRecovery, meter: MeterID) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("meter", meter.text)
        writer.member("profiles", recovery.profiles) { profile, writer in
            writer.member("profile", profile.profile.description)
            writer.member("missingBefore", profile.missingBefore)
            writer.member("missing", profile.missing)
            writer.member("lostForGood", profile.lost)
            writer.member("requests", profile.requests)
        }
        writer.endObject()
        return writer.takeOctets()
    }

    func problem(_ error: GatewayError) -> [UInt8] {
        var writer = JSONWriter()
        Problem(error).write(into: &writer)
        return writer.takeOctets()
    }
}
