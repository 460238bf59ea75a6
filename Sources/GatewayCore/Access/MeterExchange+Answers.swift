// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet

/// What the answer to a service holds; anything else would be a fault of the connection manager.
extension MeterExchange.Answer {
    /// What came of a GET of so many attributes.
    func values(of count: Int) throws(GatewayError) -> [GetResult] {
        guard case .get(let results) = response, results.count == count else {
            throw .internal(reason: "a GET of \(count) was answered by something else")
        }
        return results
    }

    /// What came of a SET of one attribute.
    func writeResult() throws(GatewayError) -> DataAccessResult {
        guard case .set(let results) = response, let result = results.first else {
            throw .internal(reason: "a SET was answered by another service")
        }
        return result
    }

    /// What came of an ACTION.
    func actionOutcome() throws(GatewayError) -> ActionOutcome {
        guard case .action(let outcome) = response else {
            throw .internal(reason: "an ACTION was answered by another service")
        }
        return outcome
    }
}
