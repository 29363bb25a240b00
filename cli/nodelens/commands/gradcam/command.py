"""`node gradcam`: explain what an image classifier saw in a picture."""

from nodelens.commands.gradcam.options import GradcamCall
from nodelens.commands.options import explain_setting, show_config
from nodelens.errors import ExitCode


def gradcam(call: GradcamCall) -> ExitCode:
    """Show what a classifier looked at when it named a picture, with Grad-CAM.

    Every picture gets a directory with an overlay, a heat map, the raw map,
    a figure and a manifest. The classifier is VGG19 unless --model says
    otherwise. Where the ImageNet weights of Keras are not cached, the
    trained weights of VGG19 that are part of nodelens are used.
    """
    from nodelens.commands.gradcam.pages import refuse_unwritable_pages
    from nodelens.commands.gradcam.run import explain_pictures, print_layers, print_plan
    from nodelens.commands.gradcam.setup import load
    from nodelens.explaining.model.request import known_classes, refuse_unknown
    from nodelens.explaining.pictures.files import find_pictures, refuse_if_none_readable
    from nodelens.explaining.question import find_classes, read_question_boxes
    from nodelens.explaining.settings import GradcamSettings

    if explain_setting(call, GradcamSettings):
        return ExitCode.DONE
    output, resolved = call.output(), call.settings(GradcamSettings)
    if call.show_config:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings
    if call.list_layers:
        refuse_unknown(settings.model)
        print_layers(output, load(output, settings)[0])
        return ExitCode.DONE
    # What is wrong with the call is told before TensorFlow takes its seconds to start.
    paths = find_pictures(call.images)
    refuse_if_none_readable(paths)
    refuse_unwritable_pages(settings, force=call.force)
    read_question_boxes(settings)
    refuse_unknown(settings.model)
    if names := known_classes(settings.model):
        find_classes(settings, names)
    classifier, device_name = load(output, settings)

    from nodelens.explaining.explainer import Explainer

    explainer = Explainer(classifier, settings)
    if call.dry_run:
        return print_plan(output, settings, explainer, paths)
    return explain_pictures(call, output, settings, explainer, paths, device_name)
