// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// What profiles lack, and how complete they are.
extension GatewayAPI {
    @Sendable func listGaps(_ request: RoutedRequest) async throws -> HTTPResponse {
        let report = try await gateway.gaps(
            of: request.obis(),
            meter: request.parameter("id"),
            from: request.moment("from"),
            to: request.moment("to")
        )
        let zone = report.ledger.map { ZoneInfo.named($0.zone) ?? .utc } ?? .utc
        return HTTPResponse.json(reservingCapacity: 200 * (report.gaps.count + 5)) { writer in
            writer.beginObject()
            writer.member("meter", report.meter.text)
            writer.member("profile", report.profile.description)
            writer.member("from", report.range.lowerBound.rfc3339(in: zone))
            writer.member("to", report.range.upperBound.rfc3339(in: zone))
            writer.member("watched", report.ledger != nil)
            let period = report.ledger?.capturePeriod ?? 0
            writer.member("capturePeriod", period > 0 ? Duration.seconds(Int64(period)).iso8601 : nil)
            writer.member("billingDay", report.ledger?.billingDay?.description)
            writer.member("expectedFrom", report.ledger?.expectedFrom.rfc3339(in: zone))
            writer.member("newestRow", report.ledger?.newest?.rfc3339(in: zone))
            writer.name("items")
            writer.beginArray()
            for gap in report.gaps where gap.kind == .missing { Self.write(gap, zone, into: &writer) }
            writer.endArray()
            writer.name("lost")
            writer.beginArray()
            for gap in report.gaps where gap.kind != .missing { Self.write(gap, zone, into: &writer) }
            writer.endArray()
            Self.write(report.counts, into: &writer)
            writer.member("recoveryAt", report.ledger?.recoverAt?.rfc3339(in: zone))
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func recoverProfile(_ request: RoutedRequest) async throws -> HTTPResponse {
        let profile = try request.obis()
        return try await accepted(.gapRecovery(profile: profile, association: try request.association()), request)
    }

    @Sendable func listCompleteness(_ request: RoutedRequest) async throws -> HTTPResponse {
        let today = CivilDate(daysSinceEpoch: Int(gateway.clock.now().seconds / 86_400))
        let last = try request.date("to") ?? today.daysSinceEpoch - 1
        let first = try request.date("from") ?? last - 30
        guard first <= last else { throw Problem.unfitParameter("from", expected: "not after 'to'") }
        guard last - first < 400 else { throw Problem.unfitParameter("from", expected: "at most 400 days before 'to'") }
        var query = CompletenessQuery(days: first...last)
        if let text = try request.query.single("meter") {
            guard let meter = MeterID(text) else { throw Problem.badParameter("meter", expected: "the id of a meter") }
            query.meter = meter
        }
        query.profile = try request.objectChoice("profile")
        query.meters = try await meters(request)
        let limit = try request.pageLimit()
        let (items, total) = try await gateway.completeness(
            matching: query,
            after: try Self.completenessCursor(request),
            limit: limit
        )
        let next = items.count == limit ? items.last.map { "\($0.meter.text),\($0.profile)" } : nil
        return HTTPResponse.json(reservingCapacity: 200 * (items.count + 3)) { writer in
            writer.beginObject()
            writer.member("from", CivilDate(daysSinceEpoch: first).description)
            writer.member("to", CivilDate(daysSinceEpoch: last).description)
            writer.name("total")
            writer.beginObject()
            Self.write(total, into: &writer)
            writer.endObject()
            writer.member("items", items) { item, writer in
                writer.member("meter", item.meter.text)
                writer.member("profile", item.profile.description)
                Self.write(item.counts, into: &writer)
            }
            writer.member("next", next.map { self.next(request, cursor: $0) })
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    /// Meters by `label` or `group`.
    private func meters(_ request: RoutedRequest) async throws -> MeterQuery {
        var query = MeterQuery()
        if let text = try request.query.single("label") {
            guard let labels = LabelSelector(text) else {
                throw Problem.badParameter("label", expected: "requirements such as region=north,model!=test")
            }
            query.labels = labels
        }
        if let text = try request.query.single("group") {
            let group = try await gateway.meterGroup(text)
            if let selector = group.configuration.selector {
                query.labels = LabelSelector(query.labels.requirements + selector.requirements)
            } else {
                query.group = group.id
            }
        }
        return query
    }

    private static func completenessCursor(_ request: RoutedRequest) throws -> CompletenessCursor? {
        guard let text = try request.query.single("cursor") else { return nil }
        let parts = text.split(separator: ",")
        guard parts.count == 2, let meter = MeterID(parts[0]), let profile = OBISCode(String(parts[1])) else {
            throw Problem.badParameter("cursor", expected: "as given in 'next'")
        }
        return CompletenessCursor(meter: meter, profile: profile)
    }

    private static func write(_ gap: ProfileGap, _ zone: ZoneInfo, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("from", Timestamp(seconds: gap.from).rfc3339(in: zone))
        writer.member("to", Timestamp(seconds: gap.to).rfc3339(in: zone))
        writer.member("missing", gap.count)
        if gap.kind != .missing { writer.member("reason", gap.kind.rawValue) }
        writer.endObject()
    }

    private static func write(_ counts: RowCounts, into writer: inout JSONWriter) {
        writer.member("expected", counts.expected)
        writer.member("received", counts.received)
        writer.member("missing", counts.expected - counts.received - counts.lost)
        writer.member("lostForGood", counts.lost)
        writer.member("completeness", counts.completeness)
        writer.member("completenessOfRecorded", counts.completenessOfRecorded)
    }
}
