// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport
import Synchronization

/// Everything the gateway counts, written as Prometheus text.
///
/// No label carries the id of a meter: a fleet would make a series of each.
public final class GatewayMetrics: Sendable {
    /// Figures that are looked up when somebody asks.
    public struct Present: Sendable {
        /// Requests waiting in line for meters.
        public var queueLength = 0
        /// Associations that are open.
        public var openAssociations = 0
        /// How many meters were found how when something was last asked of them.
        var meters: [MeterReachability: Int] = [:]
        /// How channels stand, by the name of the family, its help and its kind.
        var channels: [(name: String, help: String, isCounter: Bool, value: Int)] = []
        /// What became of those who dialled in; nil when meters cannot.
        public var dialIns: DialInCounters?
        /// Callers that follow streams of events.
        public var eventStreams = 0
        /// What came of what meters push; nil when nothing listens for it.
        public var pushes: PushCounters?
        /// Jobs by state.
        public var jobs: [(state: String, count: Int)] = []
        /// The newest readings of single meters; nil unless an operator wants them told.
        var meterReadings: MeterReadingFamilies?

        /// Makes empty figures.
        public init() {}
    }

    /// Requests by route, method and status.
    public let requests = MetricCounter(
        "cosem_gateway_http_requests_total",
        "HTTP requests answered.",
        labels: ["route", "method", "code"]
    )
    /// How long answers took, by route.
    public let requestDuration = MetricHistogram(
        "cosem_gateway_http_request_duration_seconds",
        "Time from request to answer.",
        labels: ["route"]
    )
    /// Exchanges with meters by service and result.
    public let exchanges = MetricCounter(
        "cosem_gateway_meter_exchanges_total",
        "Requests carried out at meters.",
        labels: ["service", "result"]
    )
    /// How long exchanges with meters took.
    public let exchangeDuration = MetricHistogram(
        "cosem_gateway_meter_exchange_duration_seconds",
        "Time meters took to answer.",
        labels: ["service"]
    )
    /// Associations that did not come about, by reason.
    public let associationFailures = MetricCounter(
        "cosem_gateway_association_failures_total",
        "Associations that did not come about.",
        labels: ["reason"]
    )
    /// Executions of jobs by kind and outcome.
    public let jobExecutions = MetricCounter(
        "cosem_gateway_job_executions_total",
        "Executions of jobs that ended.",
        labels: ["kind", "outcome"]
    )
    /// Orders that switch supply, by what was to be done and what came of it at a meter.
    public let orders = MetricCounter(
        "cosem_gateway_orders_total",
        "Orders to disconnect or reconnect that ended, by meter.",
        labels: ["action", "outcome"]
    )
    /// Answers from a cache.
    public let cacheHits = MetricCounter(
        "cosem_gateway_cache_hits_total",
        "Values answered from memory.",
        labels: ["cache"]
    )
    /// Values of attributes answered from memory.
    let valueHits: MetricCounter.Series
    /// Values that had to be read.
    public let cacheMisses = MetricCounter(
        "cosem_gateway_cache_misses_total",
        "Values not in memory or too old.",
        labels: ["cache"]
    )
    /// Octets exchanged with meters by direction.
    public let octets = MetricCounter(
        "cosem_gateway_bytes_total",
        "Octets of values exchanged with meters.",
        labels: ["direction"]
    )
    /// Readings handed to the store, by what became of them.
    public let readings = MetricCounter(
        "cosem_gateway_readings_total",
        "Readings handed to the store.",
        labels: ["outcome"]
    )
    /// Tries to deliver to webhooks, by what came of them.
    public let webhookDeliveries = MetricCounter(
        "cosem_gateway_webhook_deliveries_total",
        "Tries to deliver an event to a webhook.",
        labels: ["outcome"]
    )
    private let version: String

    /// Makes the counters of one gateway.
    public init(version: String) {
        self.version = version
        valueHits = cacheHits.series(MetricLabels("values"))
    }

    /// Counts one answered request.
    public func countRequest(route: String, method: String, status: Int, duration: Duration) {
        // Callers may send any word as a method.
        let method = Self.methods.contains(method) ? method : "other"
        let series = requestSeries.withLock { known in
            let kind = RequestKind(route: route, method: method, status: status)
            if let found = known[kind] { return found }
            let made = RequestSeries(
                count: requests.series(MetricLabels(route, method, "\(status)")),
                duration: requestDuration.series(MetricLabels(route))
            )
            if known.count < MetricFamily.mostSeries { known[kind] = made }
            return made
        }
        series.count.increment()
        series.duration.observe(duration)
    }

    private struct RequestKind: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct RequestSeries {
        let count: MetricCounter.Series
        let duration: MetricHistogram.Series
    }

    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    private let requestSeries = Mutex<[RequestKind: RequestSeries]>([:])

    /// When the certificate ends that callers see, in seconds since 1970; nil without TLS.
    private let certificateEnd = Mutex<Int64?>(nil)

    /// Takes note of when the certificate ends that callers see.
    ///
    /// - Parameter seconds: since 1970.
    public func noteCertificate(until seconds: Int64) {
        certificateEnd.withLock { $0 = seconds }
    }

    /// All families as text.
    public func text(_ present: Present, format: MetricsFormat = .prometheus) -> String {
        var text = MetricsText(format)
        gauge("cosem_gateway_build_info", "The running version.", ["version"], [(MetricLabels(version), 1)], &text)
        requests.write(into: &text)
        requestDuration.write(into: &text)
        exchanges.write(into: &text)
        exchangeDuration.write(into: &text)
        gauge(
            "cosem_gateway_meter_queue_length",
            "Requests waiting in line for meters.",
            [],
            [(MetricLabels(), present.queueLength)],
            &text
        )
        gauge(
            "cosem_gateway_associations_open",
            "Associations with meters that are open.",
            [],
            [(MetricLabels(), present.openAssociations)],
            &text
        )
        gauge(
            "cosem_gateway_meters",
            "Meters by what came of what was last asked of them.",
            ["state"],
            MeterReachability.allCases.filter { $0 != .unknown }
                .map { (MetricLabels($0.rawValue), present.meters[$0] ?? 0) },
            &text
        )
        for figure in present.channels {
            let family = MetricFamily(
                name: figure.name,
                help: figure.help,
                kind: figure.isCounter ? .counter : .gauge,
                labelNames: []
            )
            family.writeHead(into: &text)
            family.writeSample(labels: MetricLabels(), value: "\(figure.value)", into: &text)
        }
        associationFailures.write(into: &text)
        gauge(
            "cosem_gateway_jobs",
            "Jobs by state.",
            ["state"],
            present.jobs.map { (MetricLabels($0.state), $0.count) },
            &text
        )
        gauge(
            "cosem_gateway_event_streams",
            "Streams of events and traces that callers follow.",
            [],
            [(MetricLabels(), present.eventStreams)],
            &text
        )
        if let end = certificateEnd.withLock({ $0 }) {
            gauge(
                "cosem_gateway_tls_certificate_expiry_timestamp_seconds",
                "When the certificate ends that callers see.",
                [],
                [(MetricLabels(), Int(end))],
                &text
            )
        }
        jobExecutions.write(into: &text)
        orders.write(into: &text)
        cacheHits.write(into: &text)
        cacheMisses.write(into: &text)
        octets.write(into: &text)
        readings.write(into: &text)
        webhookDeliveries.write(into: &text)
        if let dialIns = present.dialIns { write(dialIns, into: &text) }
        if let pushes = present.pushes { pushes.write(into: &text) }
        present.meterReadings?.write(into: &text)
        ProcessFigures.write(into: &text)
        text.finish()
        return text.text
    }

    private func write(_ dialIns: DialInCounters, into text: inout MetricsText) {
        gauge(
            "cosem_gateway_dial_in_connections",
            "Connections that meters have opened.",
            ["state"],
            [
                (MetricLabels("identified"), dialIns.connected), (MetricLabels("identifying"), dialIns.identifying),
                (MetricLabels("unknown"), dialIns.unknown),
            ],
            &text
        )
        let refused = MetricFamily(
            name: "cosem_gateway_dial_in_refused_total",
            help: "Callers that were closed without having been identified.",
            kind: .counter,
            labelNames: ["reason"]
        )
        refused.writeHead(into: &text)
        for refusal in DialInCounters.Refusal.allCases {
            let count = dialIns.refused[refusal, default: 0]
            refused.writeSample(labels: MetricLabels(refusal.rawValue), value: "\(count)", into: &text)
        }
    }

    private func gauge(
        _ name: String,
        _ help: String,
        _ labelNames: [String],
        _ samples: [(MetricLabels, Int)],
        _ text: inout MetricsText
    ) {
        let family = MetricFamily(name: name, help: help, kind: .gauge, labelNames: labelNames)
        family.writeHead(into: &text)
        for (labels, value) in samples { family.writeSample(labels: labels, value: "\(value)", into: &text) }
    }
}
