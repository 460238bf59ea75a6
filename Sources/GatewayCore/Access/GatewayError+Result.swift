// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet

extension GatewayError {
    /// What callers come to know of the result code of a single attribute.
    ///
    /// Observed: foreign meters answer 1, 3 or 4 for an attribute that the class does not have, and 3 or 4 for an object that
    /// is not there.
    ///
    /// - Parameters:
    ///   - result: what the meter said.
    ///   - service: `get` or `set`.
    ///   - target: the attribute.
    ///   - name: the attribute as the caller called it.
    ///   - isListed: whether the object list has the attribute; nil if it has the object without attributes, or is not known.
    init(_ result: DataAccessResult, to service: String, _ target: ObjectTarget, name: String, isListed: Bool?) {
        let outcome = DLMSOutcome(service: service, result: result.name, code: Int(result.rawValue))
        let isMissingAttribute = isListed == false
        switch result {
        case .hardwareFault, .readWriteDenied, .objectUndefined:
            if isMissingAttribute {
                // The name says which one, so the target is the object alone.
                var object = target
                object.member = nil
                self = .attributeUndefined(object, name: name, suggestion: nil)
            } else if result == .hardwareFault {
                self = .meterHardwareFault(target, outcome)
            } else if result == .readWriteDenied {
                self = .deniedByMeter(target, outcome)
            } else {
                self = .objectUndefined(target, outcome)
            }
        case .temporaryFailure: self = .meterTemporaryFailure(target, outcome)
        case .scopeOfAccessViolated: self = .deniedByMeter(target, outcome)
        case .objectClassInconsistent: self = .objectClassInconsistent(target, outcome)
        case .objectUnavailable: self = .objectUnavailable(target, outcome)
        case .typeUnmatched where service == "set":
            self = .typeMismatch(target, outcome, reason: "the meter wants another type")
        default: self = .meterRefused(target, outcome)
        }
    }

    /// What callers come to know of the result code of a method.
    init(_ result: ActionResult, _ target: ObjectTarget) {
        let outcome = DLMSOutcome(service: "action", result: result.name, code: Int(result.rawValue))
        switch result {
        case .hardwareFault: self = .meterHardwareFault(target, outcome)
        case .temporaryFailure: self = .meterTemporaryFailure(target, outcome)
        case .readWriteDenied, .scopeOfAccessViolated: self = .deniedByMeter(target, outcome)
        case .objectUndefined: self = .objectUndefined(target, outcome)
        case .objectClassInconsistent: self = .objectClassInconsistent(target, outcome)
        case .objectUnavailable: self = .objectUnavailable(target, outcome)
        case .typeUnmatched: self = .typeMismatch(target, outcome, reason: "the meter wants another parameter")
        default: self = .meterRefused(target, outcome)
        }
    }
}
