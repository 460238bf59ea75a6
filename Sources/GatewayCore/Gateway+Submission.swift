// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Jobs

extension Gateway {
    /// Stores a job about a selection of meters; it is durable when this returns.
    ///
    /// Meters are found and stored page by page, so that neither memory nor a transaction grows with the fleet.
    public func submit(
        _ order: JobOrder,
        to selection: TargetSelection,
        _ terms: JobTerms
    ) async throws(GatewayError) -> JobSubmission {
        if case .disconnector(let wish) = order { return try await submitOrder(wish, to: selection, terms) }
        guard !isDraining else { throw .draining }
        let specification = JobSpecification(
            kind: order.kind,
            payload: order.document.octets,
            createdBy: terms.caller,
            priority: terms.priority,
            retry: terms.retry ?? order.retry,
            expiresAt: terms.expiresAt,
            traceID: terms.traceID
        )
        switch try await store(specification, about: selection, terms.idempotency, spread: terms.spread) {
        case .created(let job), .replayed(let job): return .stored(job)
        case .underWay: return .underWay
        case .noMeters: return .noMeters
        }
    }

    /// What became of a job about a selection of meters.
    enum Storing {
        /// It was made.
        case created(JobRecord)
        /// A request with the same key had made it.
        case replayed(JobRecord)
        /// Somebody else is making it.
        case underWay
        /// The selection has no meter.
        case noMeters
    }

    /// Stores a job about a selection of meters.
    func store(
        _ specification: JobSpecification,
        about selection: TargetSelection,
        _ idempotency: IdempotencyKey?,
        spread: JobSpread? = nil
    ) async throws(GatewayError) -> Storing {
        do {
            let result = try await jobs.submit(specification, idempotency: idempotency, spread: spread) {
                [targets] last in try await targets.texts(of: selection, after: last)
            }
            switch result {
            case .created(let job): return .created(job)
            case .replayed(let job): return .replayed(job)
            case nil: return .underWay
            }
        } catch let error as GatewayError {
            throw error
        } catch JobStoreError.noTargets {
            return .noMeters
        } catch let error as JobStoreError {
            throw GatewayError(error, job: "", operation: "submit")
        } catch {
            throw .internal(reason: "\(error)")
        }
    }

    /// Takes an order that switches supply, with everything that keeps such orders in bounds.
    private func submitOrder(
        _ order: DisconnectorOrder,
        to selection: TargetSelection,
        _ terms: JobTerms
    ) async throws(GatewayError) -> JobSubmission {
        // One more than there may be is enough to be refused.
        let meters = try await targets.page(of: selection, limit: settings.orders.mostTargets + 1).items
        guard !meters.isEmpty else { return .noMeters }
        let taken = try await submitOrder(
            order,
            targets: meters.map(\.text),
            terms: OrderTerms(expiresAt: terms.expiresAt),
            caller: Caller(name: terms.caller),
            key: terms.idempotency,
            traceID: terms.traceID ?? ""
        )
        return .stored(taken.job)
    }
}

extension TargetResolver {
    /// The meters of a selection after one of them, none when there are no more.
    func texts(of selection: TargetSelection, after last: String?) async throws(GatewayError) -> [String] {
        var cursor = last
        if case .meters(let meters) = selection, let last {
            guard let index = meters.firstIndex(where: { $0.text == last }) else { return [] }
            cursor = "\(index + 1)"
        }
        // A page of meters that were all removed since is not the end.
        repeat {
            let page = try await page(of: selection, after: cursor, limit: Self.pageSize)
            if !page.items.isEmpty { return page.items.map(\.text) }
            cursor = page.next
        } while cursor != nil
        return []
    }
}
